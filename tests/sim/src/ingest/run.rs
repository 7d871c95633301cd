//! One schedule from beginning to end.

use std::collections::BTreeSet;

use riffle_contracts::Consumer;
use riffle_ports::FileState;
use riffle_testkit::memory::{Place, Stage};
use riffle_testkit::simulator::{Plan, Trace};

use super::deeds::Deed;
use super::mutants::Mutant;
use super::replays::Snapshot;
use super::scenario::{Scenario, TENANTS};
use super::world::{GARBAGE, World};
use crate::invariants::Violation;
use crate::run::Run;

/// More steps than any schedule takes that ends.
const MAX_STEPS: u64 = 300_000;
/// Dead letters are handed out again so often before what is left of them counts as hopeless.
const REDRIVES: u32 = 4;

/// What is still to be tried when all is over.
enum Phase {
    /// Dead letters were handed out again so often.
    Redriving(u32),
    /// All events were replayed to everybody, and this was so before.
    Replayed(Box<Snapshot>),
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
    let mut phase = Phase::Redriving(0);
    let ended = loop {
        if steps == MAX_STEPS {
            break Err(Violation::new(6, format!("no end after {MAX_STEPS} steps")));
        }
        if world.is_hostile() && steps >= world.scenario.hostile_steps {
            world.calm_down();
        }
        if world.is_over() {
            if world.is_hostile() {
                // What comes after the end is worth a look, but not for long.
                if world.control.draw(|rng| rng.chance(1_000)) {
                    world.calm_down();
                    continue;
                }
            } else {
                match world.next_phase(phase) {
                    Ok(Some(next)) => phase = next,
                    Ok(None) => break Ok(()),
                    Err(violation) => break Err(violation),
                }
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
        hash: world.control.trace(Trace::hash),
        trace,
        sometimes: world.control.occurred(),
        points: world.control.take_points(),
    }
}

impl World {
    /// All is over: what comes now. `None`: nothing, and all was well.
    fn next_phase(&mut self, phase: Phase) -> Result<Option<Phase>, Violation> {
        match phase {
            Phase::Redriving(times) if times < REDRIVES && self.has_letters(times == 0) => {
                self.control.sometimes("dead letters are handed out again");
                let now = self.now();
                self.calm_since = Some(now);
                self.deeds.extend(TENANTS.map(|tenant| (now, Deed::Redrive(tenant))));
                Ok(Some(Phase::Redriving(times + 1)))
            }
            Phase::Redriving(_) => {
                self.check_ending()?;
                let before = self.snapshot();
                self.calm_since = Some(self.now());
                self.control.note("replay", &[], String::new);
                // A file that failed is tried again by whatever tells of it.
                let failed = self
                    .stores
                    .statements
                    .inspect(|books| books.files.values().any(|file| file.state == FileState::Failed));
                for consumer in Consumer::ALL {
                    if consumer != Consumer::FileProcessor || !failed {
                        self.replay(consumer);
                    }
                }
                Ok(Some(Phase::Replayed(Box::new(before))))
            }
            Phase::Replayed(before) => {
                let after = self.snapshot();
                if after != *before {
                    return Err(Violation::new(10, format!("a replay changes {before:?}\ninto {after:?}")));
                }
                self.check_ending()?;
                self.check_shadow()?;
                Ok(None)
            }
        }
    }

    /// Whether there are dead letters worth another try: at first all, then those of files that can be read.
    fn has_letters(&self, all: bool) -> bool {
        let hopeless = self.uploads.iter().filter(|(_, number)| {
            let content = self.scenario.uploads[**number].content;
            self.scenario.contents[content].nature.is_hopeless()
        });
        let hopeless: BTreeSet<_> = hopeless.map(|(key, _)| key.clone()).collect();
        Stage::ALL.into_iter().any(|stage| {
            let letters = self.stores.queue.peek(Place::DeadLetters(stage));
            letters.iter().any(|letter| {
                let told = super::harm::told(&letter.body);
                let of = told.map(|(event, ..)| super::harm::file_of(&event));
                let is_nobodys = stage == Stage::Uploads && !letter.body.contains("\"key\":\"statements/");
                letter.body != GARBAGE && !is_nobodys && (all || of.is_none_or(|of| !hopeless.contains(&of)))
            })
        })
    }
}
