//! One schedule from beginning to end.

use riffle_testkit::simulator::{Plan, Point, Sometimes};

use crate::invariants::{Ending, Violation};
use crate::mutants::Mutant;
use crate::scenario::Scenario;
use crate::world::World;

/// More steps than any schedule takes that ends.
const MAX_STEPS: u64 = 300_000;

/// What came of a schedule.
#[derive(Debug)]
pub struct Run {
    pub seed: u64,
    pub violation: Option<Violation>,
    pub steps: u64,
    /// Equal for equal runs.
    pub hash: u64,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
    pub sometimes: Sometimes,
    /// The port calls in order, if they were placed.
    pub points: Vec<Point>,
}

/// Runs `scenario`; `readable` keeps the trace as text.
pub fn run(scenario: Scenario, mutant: Option<Mutant>, readable: bool) -> Run {
    let seed = scenario.seed;
    let placed = matches!(scenario.plan, Plan::Placed(_));
    let mut world = World::new(scenario, mutant, readable);
    if placed {
        world.control.record_points();
    }
    let mut steps = 0;
    let ended = loop {
        if steps == MAX_STEPS {
            break Err(Violation::new(6, format!("no end after {MAX_STEPS} steps")));
        }
        if world.is_hostile() && steps >= world.scenario.hostile_steps {
            world.calm_down();
        }
        if world.is_over() {
            if !world.is_hostile() {
                break Ending::check(&world);
            }
            // What comes after the end is worth a look, but not for long.
            if world.control.draw(|rng| rng.chance(1_000)) {
                world.calm_down();
                continue;
            }
        }
        steps += 1;
        if let Err(violation) = world.step().and_then(|()| world.watch()) {
            break Err(violation);
        }
    };
    let trace = world.control.trace(|trace| trace.lines().to_vec());
    Run {
        seed,
        violation: ended.err(),
        steps,
        hash: world.control.trace(riffle_testkit::simulator::Trace::hash),
        trace,
        sometimes: world.control.occurred(),
        points: world.control.take_points(),
    }
}
