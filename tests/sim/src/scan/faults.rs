//! Deliveries from the queues to their consumers, and everything that may go wrong with them.

use riffle_contracts::ScanFile;
use riffle_ports::{SessionId, State};
use riffle_testkit::memory::{MemoryMessage, QueuePlace};
use riffle_topology::{RIFFLE, scan};

use crate::platform::Harm;

use super::functions::ScanResponse;
use super::mutants::ScanMutant;
use super::scenario::Mend;
use super::search::FileNature;
use super::stores::{file_name, folder};
use super::world::{ScanInvocation, World};

pub(super) const QUARANTINE: QueuePlace = QueuePlace::of(scan::QUARANTINE);
const FINISH: QueuePlace = QueuePlace::of(scan::FINISH);

impl World {
    /// Delivers a batch to its function: any visible messages, in any order.
    pub fn deliver(&mut self, place: QueuePlace) {
        let received = self.platform.receive(place, usize::MAX);
        if received.is_empty() {
            return;
        }
        if place == FINISH && self.is_handing_out() {
            self.control.sometimes("a finisher runs too early");
        }
        let Some(consumed) = RIFFLE.queue(place.queue) else { return };
        let spared = place == QUARANTINE && self.scenario.calm_quarantine;
        let future = self.functions.batch(consumed.function, &received);
        self.platform.invoke(consumed.function, spared, ScanInvocation::Batch(place, received), future);
    }

    /// Returns whether files of a session that is already full are still being dispatched.
    fn is_handing_out(&self) -> bool {
        self.stores.ledger.inspect(|data| {
            let mut sessions = data.sessions.values();
            sessions.any(|session| session.state == State::Dispatching && session.is_full())
        })
    }

    /// Ends a batch: deletes the messages that its function has handled; the others become visible again.
    pub fn settle(&mut self, place: QueuePlace, received: &[MemoryMessage], answer: Option<ScanResponse>) {
        // After a crash, all of them become visible when their visibility timeout expires.
        let Some(ScanResponse::Batch(failed)) = answer else {
            return;
        };
        for message in received {
            if place == QUARANTINE && self.had_another_chance(message) {
                self.control.sometimes("a quarantined file is read at a later attempt");
            }
            if self.mutant == Some(ScanMutant::AckOnError) || !failed.contains(&message.id.to_string()) {
                self.stores.queue.delete(message);
            } else if place != QUARANTINE {
                self.platform.release(message);
            }
        }
    }

    /// Returns whether this delivery found an unfinished attempt of another one and read the file nevertheless.
    fn had_another_chance(&self, message: &MemoryMessage) -> bool {
        let Ok(file) = serde_json::from_str::<ScanFile>(&message.message.body) else {
            return false;
        };
        let key = (SessionId(file.session_id), file.index);
        let own = format!("{}#{}", message.id, message.receive_count);
        self.attempted.contains(&key)
            && self.stores.ledger.inspect(|data| {
                let mut results = data.results_of(&key.0);
                let read = results.any(|(index, result)| index == key.1 && !result.failed);
                drop(results);
                read && data.attempts.get(&key).is_some_and(|attempt| attempt.receipt == own)
            })
    }

    /// Carries out the harm due before a step.
    pub fn do_harm(&mut self) {
        let own = [self.scenario.network.drop, self.scenario.meddling];
        let calm = self.scenario.calm_quarantine;
        let is_spared = |place: QueuePlace| calm && place == QUARANTINE;
        match self.platform.harm(&own, is_spared) {
            None => {}
            Some(Harm::Lose) => {
                if let Some((place, id)) = self.platform.message_anywhere(is_spared) {
                    self.lose(place, id);
                }
            }
            Some(Harm::Own(0)) => self.drop_connection(),
            Some(Harm::Own(_)) => self.meddle(),
            Some(Harm::PowerCut) => self.cut_power(),
        }
    }

    fn lose(&self, place: QueuePlace, id: u64) {
        self.platform.lose(place, id);
        self.control.sometimes(match place.queue {
            scan::DISPATCH => "a dispatch message is lost",
            scan::WORK => "a work message is lost",
            scan::FINISH => "a finish message is lost",
            _ => "a quarantine message is lost",
        });
    }

    fn drop_connection(&mut self) {
        let client = self.control.draw(|rng| rng.below(self.clients.len()));
        self.control.sometimes("a connection breaks");
        self.hang_up(client);
    }

    /// Changes or removes a file.
    fn meddle(&mut self) {
        let folders = &self.scenario.folders;
        let number = self.control.draw(|rng| rng.below(folders.len()));
        let Some(files) =
            folders.get(number).filter(|files| !files.is_empty() && !self.scenario.missing_folder)
        else {
            return;
        };
        let name = self.control.draw(|rng| file_name(rng.below(files.len())));
        self.meddled = true;
        self.control.note("meddle", name.as_bytes(), || name.clone());
        if self.control.draw(|rng| rng.chance(5_000)) {
            self.stores.files.remove(&folder(number), &name);
        } else {
            self.stores.files.write(&folder(number), &name, "codes 3 3");
        }
    }

    /// Applies the mends that the owner of the first folder makes before a retry.
    pub fn mend(&self) {
        if self.scenario.missing_folder {
            return;
        }
        for (file, mend) in self.scenario.mends.iter().enumerate() {
            match mend {
                Mend::Leaves => {}
                Mend::Replaces => {
                    self.stores.files.write(&folder(0), &file_name(file), FileNature::REPLACED.content());
                }
                Mend::Removes => self.stores.files.remove(&folder(0), &file_name(file)),
            }
        }
        self.control.note("mend", &[], || format!("{:?}", self.scenario.mends));
    }

    /// Ends all invocations at once, as when the only machine is switched off.
    fn cut_power(&mut self) {
        if self.is_spared() {
            return;
        }
        let dead = self.platform.cut_power();
        self.functions.restart();
        for invocation in dead {
            self.ended(invocation, None);
        }
    }
}
