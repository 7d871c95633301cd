//! The phases after everything has ended: dead letters are redriven, then everything is replayed.

use riffle_statements::FileState;
use riffle_topology::{RIFFLE, statements};

use crate::Violation;

use super::actions::Deed;
use super::replays::Snapshot;
use super::scenario::TENANTS;
use super::world::World;
use crate::platform::GARBAGE;

/// The number of redrives after which the dead letters left over count as hopeless.
const REDRIVES: u32 = 4;

/// The current phase after everything has ended.
pub(crate) enum Phase {
    /// Dead letters have been redriven this many times.
    Redriving(u32),
    /// All events have been replayed to all consumers; this is the state before the replay.
    Replayed(Box<Snapshot>),
}

impl World {
    /// Starts the next phase. Returns `false` if there is none and all checks have passed.
    pub fn next_phase(&mut self) -> Result<bool, Violation> {
        match &self.phase {
            Phase::Redriving(times) if *times < REDRIVES && self.has_letters(*times == 0) => {
                self.control.sometimes("dead letters are redriven");
                let now = self.now();
                self.platform.calm_since = Some(now);
                self.deeds.extend(TENANTS.map(|tenant| (now, Deed::Redrive(tenant))));
                self.phase = Phase::Redriving(times + 1);
                Ok(true)
            }
            Phase::Redriving(_) => {
                self.check_ending()?;
                let before = self.snapshot();
                self.platform.calm_since = Some(self.now());
                self.control.note("replay", &[], String::new);
                // A replay to the processor would process failed files again, so it is left out if there are any.
                let failed = self.files().values().any(|file| file.state == FileState::Failed);
                for consumer in RIFFLE.replay_targets() {
                    if consumer.queue.name != statements::PROCESS || !failed {
                        self.replay(&consumer);
                    }
                }
                self.phase = Phase::Replayed(Box::new(before));
                Ok(true)
            }
            Phase::Replayed(before) => {
                let after = self.snapshot();
                if after != **before {
                    return Err(Violation::new(10, format!("a replay changes {before:?}\ninto {after:?}")));
                }
                self.check_ending()?;
                self.check_shadow()?;
                Ok(false)
            }
        }
    }

    /// Returns whether there are dead letters worth redriving: with `all`, any except garbage and objects of other
    /// flows; otherwise only those of files that can be read.
    fn has_letters(&self, all: bool) -> bool {
        self.stores.queue.dead().iter().any(|(place, dead_letter)| {
            let decoded = super::faults::event_in(&dead_letter.body);
            let of = decoded.map(|(event, ..)| super::faults::file_of(&event));
            let is_nobodys =
                place.queue == statements::UPLOADS && !dead_letter.body.contains("\"key\":\"statements/");
            dead_letter.body != GARBAGE && !is_nobodys && (all || of.is_none_or(|of| !self.is_hopeless(&of)))
        })
    }
}
