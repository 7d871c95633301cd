//! Deliveries from the queues to their consumers, and everything that may go wrong between bus, queues and functions.

use chrono::{DateTime, Utc};
use futures::executor::block_on;
use riffle_contracts::{BusEvent, DirectFile, Event};
use riffle_ports::FileId;
use riffle_statements::FileState;
use riffle_testkit::memory::{FileKey, MemoryMessage, QueuePlace};
use riffle_topology::{RIFFLE, statements};

use super::functions::StatementsResponse;
use super::mutants::StatementsMutant;
use super::world::{StatementsInvocation, World};
use crate::Violation;
use crate::platform::Harm;

/// Returns the event in a message of a consumer's queue, whether it is a replay, and whether it is shadow processing.
pub fn event_in(body: &str) -> Option<(Event, bool, bool)> {
    if let Ok(event) = serde_json::from_str::<BusEvent>(body) {
        return Some((event.detail, event.replay_name.is_some(), false));
    }
    serde_json::from_str::<DirectFile>(body).ok().map(|direct| (direct.event, false, direct.shadow))
}

pub fn file_of(event: &Event) -> FileKey {
    (event.data.tenant().to_owned(), FileId(event.processing_id.clone()))
}

pub const PROCESSOR: QueuePlace = QueuePlace::of(statements::PROCESS);

impl World {
    /// Delivers a batch to its function: any visible messages, in any order.
    pub fn deliver(&mut self, place: QueuePlace) {
        let Some(consumed) = RIFFLE.queue(place.queue) else { return };
        // The processor gets one message at a time, so that a file that kills it affects no other.
        let most = if place == PROCESSOR { 1 } else { usize::MAX };
        let received = self.platform.receive(place, most);
        if received.is_empty() {
            return;
        }
        let future = self.functions.batch(consumed.function, &received);
        self.platform.invoke(consumed.function, false, StatementsInvocation::Batch(place, received), future);
    }

    /// Ends a batch: deletes the messages that its function has handled; the others become visible again.
    pub fn settle(
        &mut self,
        place: QueuePlace,
        received: &[MemoryMessage],
        since: DateTime<Utc>,
        answer: Option<StatementsResponse>,
    ) -> Result<(), Violation> {
        // After a crash, all of them become visible when their visibility timeout expires.
        let Some(StatementsResponse::Batch(failed)) = answer else {
            return Ok(());
        };
        for message in received {
            let has_failed = failed.contains(&message.id.to_string());
            if self.mutant == Some(StatementsMutant::AckOnError) || !has_failed {
                self.stores.queue.delete(message);
                self.consumed(place, &message.message.body);
            } else {
                if RIFFLE
                    .queue(place.queue)
                    .is_some_and(|one| message.receive_count >= one.queue.max_receives)
                {
                    self.died(place, message, since)?;
                }
                self.platform.release(message);
            }
        }
        Ok(())
    }

    fn consumed(&mut self, place: QueuePlace, body: &str) {
        let Some((event, replayed, shadow)) = event_in(body) else { return };
        if !replayed && !shadow {
            self.checker.consumed(place.queue, &event.event_id);
        }
        // The file is not done because another worker has, or had, it. If that worker fails, no message is left to
        // retry.
        let key = file_of(&event);
        let state = self.file(&key).map(|file| file.state);
        let is_done = state.is_some_and(|state| !state.is_open() && state != FileState::Failed);
        if place == PROCESSOR && !shadow && !is_done {
            self.orphaned.insert(key);
        }
    }

    /// Carries out the harm due before a step.
    pub fn do_harm(&mut self) {
        match self.platform.harm(&[self.platform.conditions.delivery.repeat], |_| false) {
            None => {}
            Some(Harm::Lose) => self.lose_message(),
            Some(Harm::Own(_)) => self.repeat_event(),
            Some(Harm::PowerCut) => self.cut_power(),
        }
    }

    /// Loses a message to the processor. Its work is also on the file's record, where the sweep finds it; other queues
    /// lose nothing.
    fn lose_message(&mut self) {
        let Some(id) = self.platform.message_of(PROCESSOR) else { return };
        let Some(body) = self.stores.queue.body(id) else { return };
        self.platform.lose(PROCESSOR, id);
        self.control.sometimes("a message to the processor is lost");
        if let Some((event, ..)) = event_in(&body) {
            self.orphaned.insert(file_of(&event));
        }
    }

    fn repeat_event(&mut self) {
        let published = self.stores.bus.published();
        if published > 0 {
            let nth = self.control.draw(|rng| rng.below(published));
            block_on(self.stores.bus.repeat(nth)).expect("the queue in memory accepts every message");
            self.control.note("repeat", &nth.to_le_bytes(), || format!("event {nth}"));
            self.control.sometimes("the bus delivers an event twice");
        }
    }

    /// Ends all invocations at once, as when the only machine is switched off.
    pub fn cut_power(&mut self) {
        for invocation in self.platform.cut_power() {
            // Without an answer there is nothing to check.
            self.ended(invocation, None).expect("a crash does not violate an invariant");
        }
    }
}
