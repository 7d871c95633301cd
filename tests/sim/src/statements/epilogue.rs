//! What is tried when all is over: dead letters are handed out again, then everything is replayed.

use riffle_statements::FileState;
use riffle_topology::{RIFFLE, statements};

use crate::Violation;

use super::actions::Deed;
use super::replays::Snapshot;
use super::scenario::TENANTS;
use super::world::World;
use crate::platform::GARBAGE;

/// Dead letters are handed out again so often before what is left of them counts as hopeless.
const REDRIVES: u32 = 4;

/// What is still to be tried when all is over.
pub(crate) enum Phase {
    /// Dead letters were handed out again so often.
    Redriving(u32),
    /// All events were replayed to everybody, and this was so before.
    Replayed(Box<Snapshot>),
}

impl World {
    /// All is over: what comes now. `false`: nothing, and all was well.
    pub fn next_phase(&mut self) -> Result<bool, Violation> {
        match &self.phase {
            Phase::Redriving(times) if *times < REDRIVES && self.has_letters(*times == 0) => {
                self.control.sometimes("dead letters are handed out again");
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
                // A file that failed is tried again by whatever tells of it.
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

    /// Whether there are dead letters worth another try: at first all, then those of files that can be read.
    fn has_letters(&self, all: bool) -> bool {
        self.stores.queue.dead().iter().any(|(place, letter)| {
            let told = super::faults::told(&letter.body);
            let of = told.map(|(event, ..)| super::faults::file_of(&event));
            let is_nobodys =
                place.queue == statements::UPLOADS && !letter.body.contains("\"key\":\"statements/");
            letter.body != GARBAGE && !is_nobodys && (all || of.is_none_or(|of| !self.is_hopeless(&of)))
        })
    }
}
