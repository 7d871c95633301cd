//! Queues as consumers see them, and all that may go wrong between a queue and its consumer.

use chrono::TimeDelta;
use riffle_contracts::ScanFile;
use riffle_ports::{SessionId, State};
use riffle_testkit::memory::{Place, Received};

use crate::functions::Answer;
use crate::mutants::Mutant;
use crate::scenario::Mend;
use crate::search::Nature;
use crate::stores::{file_name, folder};
use crate::world::{GARBAGE, Kind, World};

impl World {
    /// The places that have something to deliver and a consumer to take it.
    pub fn deliverable(&self) -> Vec<Place> {
        let free = |place: &Place| {
            let busy = |kind: &Kind| matches!(kind, Kind::Batch(at, _) if at == place);
            let busy = self.invocations.values().filter(|running| busy(&running.kind)).count();
            busy < self.scenario.concurrency && self.stores.queue.has_visible(*place)
        };
        Place::CONSUMED.into_iter().filter(free).collect()
    }

    /// Hands a batch to its function: any of what is visible, in any order.
    pub fn deliver(&mut self, place: Place) {
        let mut ids = self.stores.queue.visible(place);
        let largest = self.scenario.largest_batch;
        self.control.draw(|rng| {
            rng.shuffle(&mut ids);
            ids.truncate(1 + rng.below(largest));
        });
        let received = self.stores.queue.receive_these(place, &ids);
        if received.is_empty() {
            return;
        }
        if place == Place::Finish && self.is_handing_out() {
            self.control.sometimes("a finisher comes too early");
        }
        let (name, spared) = match place {
            Place::Dispatch => ("dispatcher", false),
            Place::Work => ("worker", false),
            Place::Finish => ("finisher", false),
            Place::Quarantine => ("quarantine", self.scenario.calm_quarantine),
            Place::Dead | Place::Ingest(_) | Place::DeadLetters(_) => return,
        };
        let future = self.functions.batch(place, &received);
        self.spawn(name, spared, Kind::Batch(place, received), future);
    }

    /// Whether files are still being handed out of a session that is full already.
    fn is_handing_out(&self) -> bool {
        self.stores.ledger.inspect(|books| {
            let mut sessions = books.sessions.values();
            sessions.any(|session| session.state == State::Dispatching && session.is_full())
        })
    }

    /// A batch's invocation ended: what it dealt with is deleted, the rest comes back.
    pub fn settle(&mut self, place: Place, received: &[Received], answer: Option<Answer>) {
        // A crash: all of it comes back when its visibility runs out.
        let Some(Answer::Batch(failed)) = answer else {
            return;
        };
        for message in received {
            if place == Place::Quarantine && self.had_another_chance(message) {
                self.control.sometimes("a quarantined file is read at a later attempt");
            }
            if self.mutant == Some(Mutant::AckOnError) || !failed.contains(&message.id.to_string()) {
                self.stores.queue.delete(message);
            } else if place != Place::Quarantine
                && self.is_hostile()
                && self.control.draw(|rng| rng.chance(2_000))
            {
                self.stores.queue.release(message);
            }
        }
    }

    /// Whether this delivery found an attempt without an end and read the file all the same.
    fn had_another_chance(&self, message: &Received) -> bool {
        let Ok(file) = serde_json::from_str::<ScanFile>(&message.message.body) else {
            return false;
        };
        let key = (SessionId(file.session_id), file.index);
        let own = format!("{}#{}", message.id, message.receive_count);
        self.attempted.contains(&key)
            && self.stores.ledger.inspect(|books| {
                let mut results = books.results_of(&key.0);
                let read = results.any(|(index, result)| index == key.1 && !result.failed);
                drop(results);
                read && books.attempts.get(&key).is_some_and(|attempt| attempt.receipt == own)
            })
    }

    /// What goes wrong by itself, before the step.
    pub fn do_harm(&mut self) {
        if !self.is_hostile() {
            return;
        }
        let delivery = self.scenario.delivery;
        let network = self.scenario.network;
        let rates = [
            delivery.lose,
            delivery.expose,
            delivery.resurrect,
            delivery.delay,
            network.drop,
            self.scenario.meddling,
            self.scenario.power_cuts,
        ];
        // One draw for all, so that a step costs one number whatever the rates.
        let mut drawn = self.control.draw(|rng| rng.below(10_000));
        for (harm, rate) in rates.into_iter().enumerate() {
            let rate = rate as usize;
            if drawn >= rate {
                drawn -= rate;
                continue;
            }
            match harm {
                0 => self.lose_message(),
                1 => self.deliver_twice(),
                2 => self.resurrect(),
                3 => self.hold_back(),
                4 => self.drop_connection(),
                5 => self.meddle(),
                _ => self.cut_power(),
            }
            return;
        }
    }

    /// Any message of any consumed place, but none that harm must spare.
    fn any_message(&self) -> Option<(Place, u64)> {
        let place = self.control.draw(|rng| rng.pick(&Place::CONSUMED).copied())?;
        if place == Place::Quarantine && self.scenario.calm_quarantine {
            return None;
        }
        let ids = self.stores.queue.ids(place, |body| body != GARBAGE);
        let id = self.control.draw(|rng| rng.pick(&ids).copied())?;
        Some((place, id))
    }

    fn lose_message(&mut self) {
        if let Some((place, id)) = self.any_message() {
            self.stores.queue.lose(id);
            self.control.note("lose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
            self.control.sometimes(match place {
                Place::Dispatch => "a dispatch message is lost",
                Place::Work => "a work message is lost",
                Place::Finish => "a finish message is lost",
                _ => "a quarantine message is lost",
            });
        }
    }

    fn deliver_twice(&mut self) {
        if let Some((place, id)) = self.any_message() {
            self.stores.queue.expose(id);
            self.control.note("expose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
            self.control.sometimes("a message in flight is delivered to another, too");
        }
    }

    fn resurrect(&mut self) {
        let deleted = self.stores.queue.deleted();
        let nth = self.control.draw(|rng| rng.below(deleted.len()));
        let spare = |place: &Place| *place == Place::Quarantine && self.scenario.calm_quarantine;
        if deleted.get(nth).is_some_and(|place| !spare(place))
            && let Some(place) = self.stores.queue.resurrect(nth)
        {
            self.control.note("resurrect", &[], || format!("{place:?}"));
            self.control.sometimes("a deleted message is delivered again");
        }
    }

    fn hold_back(&mut self) {
        if let Some((_, id)) = self.any_message() {
            let by = self.control.draw(|rng| TimeDelta::seconds(rng.between(1, 300)));
            self.stores.queue.delay(id, by);
            self.control.note("delay", &id.to_le_bytes(), || format!("message {id} by {by}"));
        }
    }

    fn drop_connection(&mut self) {
        let client = self.control.draw(|rng| rng.below(self.clients.len()));
        self.control.sometimes("a connection breaks");
        self.hang_up(client);
    }

    /// A file changes, or goes.
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

    /// The owner of the first folder mends what is wrong there.
    pub fn mend(&self) {
        if self.scenario.missing_folder {
            return;
        }
        for (file, mend) in self.scenario.mends.iter().enumerate() {
            match mend {
                Mend::Leaves => {}
                Mend::Replaces => {
                    self.stores.files.write(&folder(0), &file_name(file), Nature::REPLACED.content());
                }
                Mend::Removes => self.stores.files.remove(&folder(0), &file_name(file)),
            }
        }
        self.control.note("mend", &[], || format!("{:?}", self.scenario.mends));
    }

    /// All invocations die at once, as when the one machine is switched off.
    fn cut_power(&mut self) {
        let spared = |kind: &Kind| matches!(kind, Kind::Batch(Place::Quarantine, _));
        if self.scenario.calm_quarantine && self.invocations.values().any(|running| spared(&running.kind)) {
            return;
        }
        self.control.note("power cut", &[], String::new);
        self.control.sometimes("the power fails");
        self.functions.restart();
        for id in self.executor.crash_all() {
            self.ended(id, None);
        }
    }
}
