//! Queues as consumers see them, and all that may go wrong between bus, queues and functions.

use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use riffle_contracts::{BusEvent, Consumer, DirectFile, Event};
use riffle_ports::{FileId, FileState};
use riffle_testkit::memory::{FileKey, Place, Received, Stage};

use super::functions::Answer;
use super::mutants::Mutant;
use super::world::{GARBAGE, Kind, World};
use crate::invariants::Violation;

/// The event in a message of a consumer's queue, and the replay it is of.
pub fn told(body: &str) -> Option<(Event, bool, bool)> {
    if let Ok(event) = serde_json::from_str::<BusEvent>(body) {
        return Some((event.detail, event.replay_name.is_some(), false));
    }
    serde_json::from_str::<DirectFile>(body).ok().map(|direct| (direct.event, false, direct.shadow))
}

pub fn file_of(event: &Event) -> FileKey {
    (event.data.tenant().to_owned(), FileId(event.processing_id.clone()))
}

const PROCESSOR: Place = Place::Ingest(Stage::Consumer(Consumer::FileProcessor));

impl World {
    /// The places that have something to deliver and a consumer to take it.
    pub fn deliverable(&self) -> Vec<Place> {
        let free = |place: &Place| {
            let busy = |kind: &Kind| matches!(kind, Kind::Batch(at, _) if at == place);
            let busy = self.invocations.values().filter(|running| busy(&running.kind)).count();
            busy < self.scenario.concurrency && self.stores.queue.has_visible(*place)
        };
        Place::INGEST.into_iter().filter(free).collect()
    }

    /// Hands a batch to its function: any of what is visible, in any order.
    pub fn deliver(&mut self, place: Place) {
        let Place::Ingest(stage) = place else { return };
        let mut ids = self.stores.queue.visible(place);
        // The processor gets one message at a time: who kills takes no neighbours with him.
        let largest = if place == PROCESSOR { 1 } else { self.scenario.largest_batch };
        self.control.draw(|rng| {
            rng.shuffle(&mut ids);
            ids.truncate(1 + rng.below(largest));
        });
        let received = self.stores.queue.receive_these(place, &ids);
        if received.is_empty() {
            return;
        }
        let future = self.functions.batch(place, &received);
        self.spawn(stage.as_str(), Kind::Batch(place, received), future);
    }

    /// A batch's invocation ended: what it dealt with is deleted, the rest comes back.
    pub fn settle(
        &mut self,
        place: Place,
        received: &[Received],
        since: DateTime<Utc>,
        answer: Option<Answer>,
    ) -> Result<(), Violation> {
        // A crash: all of it comes back when its visibility runs out.
        let Some(Answer::Batch(failed)) = answer else {
            return Ok(());
        };
        for message in received {
            let has_failed = failed.contains(&message.id.to_string());
            if self.mutant == Some(Mutant::AckOnError) || !has_failed {
                self.stores.queue.delete(message);
                self.consumed(place, &message.message.body);
            } else {
                if message.receive_count >= self.scenario.redrive.ingest {
                    self.died(place, message, since)?;
                }
                if self.is_hostile() && self.control.draw(|rng| rng.chance(2_000)) {
                    self.stores.queue.release(message);
                }
            }
        }
        Ok(())
    }

    fn consumed(&mut self, place: Place, body: &str) {
        let (Place::Ingest(Stage::Consumer(consumer)), Some((event, replayed, shadow))) = (place, told(body))
        else {
            return;
        };
        if !replayed && !shadow {
            self.checker.consumed(consumer, &event.event_id);
        }
        // Another is at work on it, or was: should he fail, this message is gone.
        let key = file_of(&event);
        let state = self.stores.statements.inspect(|books| books.files.get(&key).map(|file| file.state));
        let is_done = state.is_some_and(|state| !state.is_open() && state != FileState::Failed);
        if place == PROCESSOR && !shadow && !is_done {
            self.orphaned.insert(key);
        }
    }

    /// What goes wrong by itself, before the step.
    pub fn do_harm(&mut self) {
        if !self.is_hostile() {
            return;
        }
        let delivery = self.scenario.delivery;
        let rates = [
            delivery.lose,
            delivery.expose,
            delivery.resurrect,
            delivery.delay,
            delivery.repeat,
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
                4 => self.tell_twice(),
                _ => self.cut_power(),
            }
            return;
        }
    }

    /// Any message of any place.
    fn any_message(&self) -> Option<(Place, u64)> {
        let place = self.control.draw(|rng| rng.pick(&Place::INGEST).copied())?;
        let ids = self.stores.queue.ids(place, |body| body != GARBAGE);
        let id = self.control.draw(|rng| rng.pick(&ids).copied())?;
        Some((place, id))
    }

    /// What the processor is to do stands in the ledger; other queues lose nothing.
    fn lose_message(&mut self) {
        let ids = self.stores.queue.ids(PROCESSOR, |body| body != GARBAGE);
        let Some(id) = self.control.draw(|rng| rng.pick(&ids).copied()) else { return };
        let Some(body) = self.stores.queue.body(id) else { return };
        self.stores.queue.lose(id);
        self.control.note("lose", &id.to_le_bytes(), || format!("message {id}"));
        self.control.sometimes("a message to the processor is lost");
        if let Some((event, ..)) = told(&body) {
            self.orphaned.insert(file_of(&event));
        }
    }

    fn deliver_twice(&mut self) {
        if let Some((place, id)) = self.any_message() {
            self.stores.queue.expose(id);
            self.control.note("expose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
            self.control.sometimes("a message of ingest in flight is delivered to another, too");
        }
    }

    fn resurrect(&mut self) {
        let deleted = self.stores.queue.deleted().len();
        let nth = self.control.draw(|rng| rng.below(deleted));
        if let Some(place) = self.stores.queue.resurrect(nth) {
            self.control.note("resurrect", &[], || format!("{place:?}"));
            self.control.sometimes("a deleted message of ingest is delivered again");
        }
    }

    fn hold_back(&mut self) {
        if let Some((_, id)) = self.any_message() {
            let by = self.control.draw(|rng| TimeDelta::seconds(rng.between(1, 300)));
            self.stores.queue.delay(id, by);
            self.control.note("delay", &id.to_le_bytes(), || format!("message {id} by {by}"));
        }
    }

    fn tell_twice(&mut self) {
        let published = self.stores.bus.published();
        if published > 0 {
            let nth = self.control.draw(|rng| rng.below(published));
            block_on(self.stores.bus.repeat(nth)).expect("the queue in memory takes everything");
            self.control.note("repeat", &nth.to_le_bytes(), || format!("event {nth}"));
            self.control.sometimes("the bus tells of an event twice");
        }
    }

    /// All invocations die at once, as when the one machine is switched off.
    pub fn cut_power(&mut self) {
        self.control.note("power cut", &[], String::new);
        self.control.sometimes("the power fails in ingest");
        for id in self.executor.crash_all() {
            // Without an answer nothing is judged.
            self.ended(id, None).expect("a crash is no violation");
        }
    }
}
