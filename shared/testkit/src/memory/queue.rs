//! Queues with visibility timeouts, receive counts and redrive, in memory.
//!
//! The consuming side offers what the loop that feeds a function needs: receive, delete, release. A real queue may lose
//! or duplicate messages by itself; here a test decides when that happens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Clock, DeadLetter, DeadLetterStore, Message, PortError, WorkQueue};
use riffle_topology::{Consumed, RIFFLE, Then, Topology};

use super::{QueuePlace, lock};

/// The maximum number of messages in one receive, as in SQS. A function must accept any number up to it.
const BATCH: usize = 10;

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryMessage {
    /// The same at every receive.
    pub id: u64,
    pub place: QueuePlace,
    /// 1 at the first receive from this place.
    pub receive_count: u32,
    pub sent_at: DateTime<Utc>,
    pub message: Message,
}

impl MemoryMessage {
    /// Returns the receipt that identifies this receive of this message.
    pub fn receipt(&self) -> String {
        format!("{}-{}", self.id, self.receive_count)
    }
}

#[derive(Debug, Clone)]
struct QueuedMessage {
    place: QueuePlace,
    message: Message,
    receive_count: u32,
    visible_at: DateTime<Utc>,
    sent_at: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct QueueData {
    next_id: u64,
    held: BTreeMap<u64, QueuedMessage>,
    /// Deleted messages, so that a test can have them delivered again.
    deleted: Vec<(u64, QueuedMessage)>,
}

/// A [`WorkQueue`] in memory, with its consuming side.
pub struct MemoryQueue {
    clock: Arc<dyn Clock>,
    /// How long a received message stays hidden.
    visibility: TimeDelta,
    topology: Topology,
    queues: Mutex<QueueData>,
}

impl std::fmt::Debug for MemoryQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryQueue").field("visibility", &self.visibility).finish_non_exhaustive()
    }
}

impl MemoryQueue {
    /// Creates the queues of all flows.
    pub fn new(clock: Arc<dyn Clock>, visibility: TimeDelta) -> Self {
        Self::of(RIFFLE, clock, visibility)
    }

    /// Creates the queues of `topology`.
    pub fn of(topology: Topology, clock: Arc<dyn Clock>, visibility: TimeDelta) -> Self {
        Self { clock, visibility, topology, queues: Mutex::default() }
    }

    /// Returns the topology whose queues these are.
    pub fn topology(&self) -> Topology {
        self.topology
    }

    /// Returns the place of the queue of this name.
    ///
    /// # Panics
    /// If there is no such queue.
    pub fn place(&self, queue: &str) -> QueuePlace {
        QueuePlace::of(self.consumed(queue).queue.name)
    }

    fn consumed(&self, queue: &str) -> Consumed {
        let Some(consumed) = self.topology.queue(queue) else { panic!("there is no queue {queue}") };
        consumed
    }

    /// Returns where a message goes after too many receives from this queue.
    fn moves_to(&self, consumed: &Consumed) -> QueuePlace {
        match consumed.queue.then {
            Then::DeadLetter => QueuePlace::dead_letters(consumed.queue.name),
            Then::MoveTo(function) => {
                let to = self.topology.consumed_by(function).expect("a queue leads to a queue");
                QueuePlace::of(to.queue.name)
            }
        }
    }

    /// Receives up to a batch of visible messages, oldest first.
    pub fn receive(&self, place: QueuePlace) -> Vec<MemoryMessage> {
        let ids = self.visible(place);
        self.receive_these(place, &ids)
    }

    /// Receives those of `ids` that are visible in `place`, in the given order, up to a batch. A message that has been
    /// received too often moves to its next place instead.
    pub fn receive_these(&self, place: QueuePlace, ids: &[u64]) -> Vec<MemoryMessage> {
        if place.dead {
            return Vec::new();
        }
        let consumed = self.consumed(place.queue);
        // Messages that may end the process are received one at a time.
        let batch = if consumed.queue.alone { 1 } else { BATCH };
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        let mut received = Vec::new();
        for id in ids {
            if received.len() == batch {
                break;
            }
            let Some(held) = queues.held.get_mut(id) else {
                continue;
            };
            if held.place != place || held.visible_at > now {
                continue;
            }
            if held.receive_count >= consumed.queue.max_receives {
                held.place = self.moves_to(&consumed);
                held.receive_count = 0;
                held.visible_at = now;
                continue;
            }
            held.receive_count += 1;
            held.visible_at = now + self.visibility;
            received.push(MemoryMessage {
                id: *id,
                place,
                receive_count: held.receive_count,
                sent_at: held.sent_at,
                message: held.message.clone(),
            });
        }
        received
    }

    /// Acknowledges a message: removes it, even if its visibility timeout has expired and another consumer has received
    /// it. A message that has moved to another place stays there.
    pub fn delete(&self, received: &MemoryMessage) {
        let mut queues = lock(&self.queues);
        if queues.held.get(&received.id).is_some_and(|held| held.place == received.place)
            && let Some(held) = queues.held.remove(&received.id)
        {
            queues.deleted.push((received.id, held));
        }
    }

    /// Makes a message visible again at once, unless it has been received again since.
    pub fn release(&self, received: &MemoryMessage) {
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        if let Some(held) = queues.held.get_mut(&received.id)
            && held.place == received.place
            && held.receive_count == received.receive_count
        {
            held.visible_at = now;
        }
    }

    /// Returns the ids of the messages that can be received from `place` now, oldest first.
    pub fn visible(&self, place: QueuePlace) -> Vec<u64> {
        let now = self.clock.now();
        let queues = lock(&self.queues);
        queues
            .held
            .iter()
            .filter(|(_, held)| held.place == place && held.visible_at <= now)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Returns whether a message can be received from `place` now.
    pub fn has_visible(&self, place: QueuePlace) -> bool {
        let now = self.clock.now();
        let queues = lock(&self.queues);
        let mut held = queues.held.values();
        held.any(|held| held.place == place && held.visible_at <= now)
    }

    /// Returns when the next hidden message of a consumed place becomes visible.
    pub fn next_visible_at(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let queues = lock(&self.queues);
        queues
            .held
            .values()
            .filter(|held| !held.place.dead && held.visible_at > now)
            .map(|held| held.visible_at)
            .min()
    }

    /// Returns the number of messages in `place`, visible or not.
    pub fn len(&self, place: QueuePlace) -> usize {
        let queues = lock(&self.queues);
        queues.held.values().filter(|held| held.place == place).count()
    }

    /// Returns whether only dead letters are left.
    pub fn is_drained(&self) -> bool {
        lock(&self.queues).held.values().all(|held| held.place.dead)
    }

    /// Returns the messages in `place`, oldest first.
    pub fn peek(&self, place: QueuePlace) -> Vec<Message> {
        let queues = lock(&self.queues);
        let there = queues.held.values().filter(|held| held.place == place);
        there.map(|held| held.message.clone()).collect()
    }

    /// Returns all dead letters with their places, oldest first.
    pub fn dead(&self) -> Vec<(QueuePlace, Message)> {
        let queues = lock(&self.queues);
        let dead = queues.held.values().filter(|held| held.place.dead);
        dead.map(|held| (held.place, held.message.clone())).collect()
    }

    /// Returns the body of a message, in any place.
    pub fn body(&self, id: u64) -> Option<String> {
        lock(&self.queues).held.get(&id).map(|held| held.message.body.clone())
    }

    /// Loses a message. Returns whether it existed.
    pub fn lose(&self, id: u64) -> bool {
        lock(&self.queues).held.remove(&id).is_some()
    }

    /// Makes a message visible at once, even if a consumer holds it, so that it is delivered twice.
    pub fn expose(&self, id: u64) {
        let now = self.clock.now();
        if let Some(held) = lock(&self.queues).held.get_mut(&id) {
            held.visible_at = now;
        }
    }

    /// Delays a message: it becomes visible `by` later than it would have.
    pub fn delay(&self, id: u64, by: TimeDelta) {
        let now = self.clock.now();
        if let Some(held) = lock(&self.queues).held.get_mut(&id) {
            held.visible_at = held.visible_at.max(now) + by;
        }
    }

    /// Returns the ids of the messages in `place`, visible or not, whose body is `wanted`, oldest first.
    pub fn ids(&self, place: QueuePlace, wanted: impl Fn(&str) -> bool) -> Vec<u64> {
        let queues = lock(&self.queues);
        queues
            .held
            .iter()
            .filter(|(_, held)| held.place == place && wanted(&held.message.body))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Returns the places of the deleted messages, oldest first. Each can be brought back with
    /// [`resurrect`](Self::resurrect).
    pub fn deleted(&self) -> Vec<QueuePlace> {
        let queues = lock(&self.queues);
        queues.deleted.iter().map(|(_, held)| held.place).collect()
    }

    /// Puts the `nth` deleted message back into its place, as at-least-once delivery allows.
    pub fn resurrect(&self, nth: usize) -> Option<QueuePlace> {
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        let (id, mut held) = queues.deleted.get(nth)?.clone();
        held.visible_at = now;
        let place = held.place;
        queues.held.entry(id).or_insert(held);
        Some(place)
    }
}

#[async_trait]
impl WorkQueue for MemoryQueue {
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let Some(consumed) = self.topology.queue(queue) else {
            return Err(PortError::Broken(format!("there is no queue {queue}")));
        };
        let place = QueuePlace::of(consumed.queue.name);
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        for message in messages {
            queues.next_id += 1;
            let id = queues.next_id;
            queues.held.insert(
                id,
                QueuedMessage {
                    place,
                    message: message.clone(),
                    receive_count: 0,
                    visible_at: now,
                    sent_at: now,
                },
            );
        }
        Ok(Vec::new())
    }
}

#[async_trait]
impl DeadLetterStore for MemoryQueue {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let queues = lock(&self.queues);
        let mut dead_letters =
            queues.held.iter().filter(|(_, held)| held.place.dead).filter_map(|(id, held)| {
                let consumed = self.consumed(held.place.queue);
                flow.is_none_or(|flow| flow == consumed.flow.name).then(|| DeadLetter {
                    id: id.to_string(),
                    flow: consumed.flow.name.to_owned(),
                    function: consumed.function.to_owned(),
                    queue: Some(consumed.queue.name.to_owned()),
                    sent_at: held.sent_at,
                    body: held.message.body.clone(),
                })
            });
        let listed = dead_letters.by_ref().take(limit as usize).collect();
        Ok((listed, dead_letters.next().is_some()))
    }

    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        let mut count = 0;
        for dead_letter in dead_letters {
            let held = dead_letter.id.parse().ok().and_then(|id: u64| queues.held.get_mut(&id));
            if let Some(held) = held.filter(|held| held.place.dead) {
                held.place.dead = false;
                held.receive_count = 0;
                held.visible_at = now;
                count += 1;
            }
        }
        Ok(count)
    }
}
