//! One schedule from start to end.

use riffle_testkit::simulator::{FaultPoint, Sometimes, Trace};

use crate::Violation;
use crate::platform::{InvocationKind, SimPlatform};

/// A limit higher than the number of steps of any schedule that terminates.
const MAX_STEPS: u64 = 300_000;

/// The result of a schedule.
#[derive(Debug)]
pub struct ScheduleRun {
    pub seed: u64,
    pub violation: Option<Violation>,
    pub steps: u64,
    /// The hash of the trace, equal for equal runs.
    pub hash: u64,
    /// The events as text, if requested.
    pub trace: Vec<String>,
    pub sometimes: Sometimes,
    /// The port calls in order, if faults were placed.
    pub points: Vec<FaultPoint>,
}

/// A world in which a schedule takes place: faults occur for a number of steps, then they stop, and at the end all
/// invariants must hold.
pub trait SimWorld {
    type Kind: InvocationKind;
    type Response;

    fn platform(&self) -> &SimPlatform<Self::Kind, Self::Response>;
    /// Stops all faults.
    fn calm_down(&mut self);
    /// Returns whether nothing can happen any more.
    fn is_over(&self) -> bool;
    /// Does one step and checks its result.
    fn step(&mut self) -> Result<(), Violation>;
    /// Checks the world after everything has ended. Returns whether another phase follows.
    fn end(&mut self) -> Result<bool, Violation>;
}

/// Runs one schedule of `world` to its end, or to the first violation.
pub fn run(world: &mut impl SimWorld, seed: u64) -> ScheduleRun {
    let platform = world.platform();
    if platform.conditions.plan.is_placed() {
        platform.control.record_points();
    }
    let mut steps = 0;
    let violation = go(world, &mut steps).err();
    let control = &world.platform().control;
    ScheduleRun {
        seed,
        violation,
        steps,
        hash: control.trace(Trace::hash),
        trace: control.trace(|trace| trace.lines().to_vec()),
        sometimes: control.occurred(),
        points: control.take_points(),
    }
}

fn go(world: &mut impl SimWorld, steps: &mut u64) -> Result<(), Violation> {
    loop {
        if *steps == MAX_STEPS {
            return Err(Violation::new(6, format!("no end after {MAX_STEPS} steps")));
        }
        let platform = world.platform();
        if platform.is_hostile() && *steps >= platform.conditions.hostile_steps {
            world.calm_down();
        }
        if world.is_over() {
            if !world.platform().is_hostile() {
                if world.end()? {
                    continue;
                }
                return Ok(());
            }
            // Deliveries after the end are worth testing, but not for long.
            if world.platform().control.draw(|rng| rng.chance(1_000)) {
                world.calm_down();
                continue;
            }
        }
        *steps += 1;
        world.step()?;
    }
}
