//! Queues with visibility, receive counts and redrive, in memory.
//!
//! The consuming side is what a pump needs: receive, delete, release. Losing and doubling messages is what
//! a real queue may do by itself; here a test decides when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Clock, DeadLetter, DeadLetters, Message, PortError, WorkQueue};
use riffle_topology::{Consumed, RIFFLE, Then, Topology};

use super::{Place, lock};

/// As many messages as SQS hands to one call at most: a function must take any number of them.
const BATCH: usize = 10;

/// A message in a consumer's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The same at every receive.
    pub id: u64,
    pub place: Place,
    /// 1 at the first receive from this place.
    pub receive_count: u32,
    pub sent_at: DateTime<Utc>,
    pub message: Message,
}

impl Received {
    /// Names this receive of this message.
    pub fn receipt(&self) -> String {
        format!("{}-{}", self.id, self.receive_count)
    }
}

#[derive(Debug, Clone)]
struct Held {
    place: Place,
    message: Message,
    receive_count: u32,
    visible_at: DateTime<Utc>,
    sent_at: DateTime<Utc>,
}

#[derive(Debug, Default)]
struct Queues {
    next_id: u64,
    held: BTreeMap<u64, Held>,
    /// What was deleted, so that a test can have it delivered again.
    deleted: Vec<(u64, Held)>,
}

/// A [`WorkQueue`] in memory, with its consuming side.
pub struct MemoryQueue {
    clock: Arc<dyn Clock>,
    /// How long a message that was received stays hidden.
    visibility: TimeDelta,
    topology: Topology,
    queues: Mutex<Queues>,
}

impl std::fmt::Debug for MemoryQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryQueue").field("visibility", &self.visibility).finish_non_exhaustive()
    }
}

impl MemoryQueue {
    /// The queues of all flows.
    pub fn new(clock: Arc<dyn Clock>, visibility: TimeDelta) -> Self {
        Self::of(RIFFLE, clock, visibility)
    }

    /// The queues of this topology.
    pub fn of(topology: Topology, clock: Arc<dyn Clock>, visibility: TimeDelta) -> Self {
        Self { clock, visibility, topology, queues: Mutex::default() }
    }

    /// The flows whose queues these are.
    pub fn topology(&self) -> Topology {
        self.topology
    }

    /// The queue of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn place(&self, queue: &str) -> Place {
        Place::of(self.consumed(queue).queue.name)
    }

    fn consumed(&self, queue: &str) -> Consumed {
        let Some(consumed) = self.topology.queue(queue) else { panic!("there is no queue {queue}") };
        consumed
    }

    /// Where a message goes that failed too often in this queue.
    fn moves_to(&self, consumed: &Consumed) -> Place {
        match consumed.queue.then {
            Then::DeadLetter => Place::dead_letters(consumed.queue.name),
            Then::MoveTo(function) => {
                let to = self.topology.consumed_by(function).expect("a queue leads to a queue");
                Place::of(to.queue.name)
            }
        }
    }

    /// Receives up to a batch of what is visible, oldest first.
    pub fn receive(&self, place: Place) -> Vec<Received> {
        let ids = self.visible(place);
        self.receive_these(place, &ids)
    }

    /// Receives those of `ids` that are visible in `place`, in the order given, up to a batch. Messages
    /// received too often move on instead.
    pub fn receive_these(&self, place: Place, ids: &[u64]) -> Vec<Received> {
        if place.dead {
            return Vec::new();
        }
        let consumed = self.consumed(place.queue);
        // What may end the process is received alone.
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
            received.push(Received {
                id: *id,
                place,
                receive_count: held.receive_count,
                sent_at: held.sent_at,
                message: held.message.clone(),
            });
        }
        received
    }

    /// Acknowledges: the message is gone, also if its visibility ran out and somebody else holds it now. A
    /// message that moved on stays where it went.
    pub fn delete(&self, received: &Received) {
        let mut queues = lock(&self.queues);
        if queues.held.get(&received.id).is_some_and(|held| held.place == received.place)
            && let Some(held) = queues.held.remove(&received.id)
        {
            queues.deleted.push((received.id, held));
        }
    }

    /// Gives a message back at once, unless somebody received it since.
    pub fn release(&self, received: &Received) {
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        if let Some(held) = queues.held.get_mut(&received.id)
            && held.place == received.place
            && held.receive_count == received.receive_count
        {
            held.visible_at = now;
        }
    }

    /// The ids of what could be received from `place` now, oldest first.
    pub fn visible(&self, place: Place) -> Vec<u64> {
        let now = self.clock.now();
        let queues = lock(&self.queues);
        queues
            .held
            .iter()
            .filter(|(_, held)| held.place == place && held.visible_at <= now)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Whether anything could be received from `place` now.
    pub fn has_visible(&self, place: Place) -> bool {
        let now = self.clock.now();
        let queues = lock(&self.queues);
        let mut held = queues.held.values();
        held.any(|held| held.place == place && held.visible_at <= now)
    }

    /// When the next message that is invisible now becomes visible to a consumer.
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

    /// How many messages lie in `place`, visible or not.
    pub fn len(&self, place: Place) -> usize {
        let queues = lock(&self.queues);
        queues.held.values().filter(|held| held.place == place).count()
    }

    /// Whether no consumed place holds a message.
    pub fn is_drained(&self) -> bool {
        lock(&self.queues).held.values().all(|held| held.place.dead)
    }

    /// The messages in `place`, oldest first.
    pub fn peek(&self, place: Place) -> Vec<Message> {
        let queues = lock(&self.queues);
        let there = queues.held.values().filter(|held| held.place == place);
        there.map(|held| held.message.clone()).collect()
    }

    /// All dead letters, with where they lie, oldest first.
    pub fn dead(&self) -> Vec<(Place, Message)> {
        let queues = lock(&self.queues);
        let dead = queues.held.values().filter(|held| held.place.dead);
        dead.map(|held| (held.place, held.message.clone())).collect()
    }

    /// The body of a message, wherever it lies.
    pub fn body(&self, id: u64) -> Option<String> {
        lock(&self.queues).held.get(&id).map(|held| held.message.body.clone())
    }

    /// A message vanishes. Returns whether it was there.
    pub fn lose(&self, id: u64) -> bool {
        lock(&self.queues).held.remove(&id).is_some()
    }

    /// A message that is there becomes visible at once although a consumer may hold it: delivered twice.
    pub fn expose(&self, id: u64) {
        let now = self.clock.now();
        if let Some(held) = lock(&self.queues).held.get_mut(&id) {
            held.visible_at = now;
        }
    }

    /// A message is held back for a while.
    pub fn delay(&self, id: u64, by: TimeDelta) {
        let now = self.clock.now();
        if let Some(held) = lock(&self.queues).held.get_mut(&id) {
            held.visible_at = held.visible_at.max(now) + by;
        }
    }

    /// The ids of what lies in `place`, visible or not, and whose body is `wanted`, oldest first.
    pub fn ids(&self, place: Place, wanted: impl Fn(&str) -> bool) -> Vec<u64> {
        let queues = lock(&self.queues);
        queues
            .held
            .iter()
            .filter(|(_, held)| held.place == place && wanted(&held.message.body))
            .map(|(id, _)| *id)
            .collect()
    }

    /// Where the deleted messages lay that could come back, oldest first.
    pub fn deleted(&self) -> Vec<Place> {
        let queues = lock(&self.queues);
        queues.deleted.iter().map(|(_, held)| held.place).collect()
    }

    /// The `nth` deleted message lies in its place again, as at-least-once delivery allows.
    pub fn resurrect(&self, nth: usize) -> Option<Place> {
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
        let place = Place::of(consumed.queue.name);
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        for message in messages {
            queues.next_id += 1;
            let id = queues.next_id;
            queues.held.insert(
                id,
                Held { place, message: message.clone(), receive_count: 0, visible_at: now, sent_at: now },
            );
        }
        Ok(Vec::new())
    }
}

#[async_trait]
impl DeadLetters for MemoryQueue {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let queues = lock(&self.queues);
        let mut letters = queues.held.iter().filter(|(_, held)| held.place.dead).filter_map(|(id, held)| {
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
        let listed = letters.by_ref().take(limit as usize).collect();
        Ok((listed, letters.next().is_some()))
    }

    async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError> {
        let now = self.clock.now();
        let mut queues = lock(&self.queues);
        let mut count = 0;
        for letter in letters {
            let held = letter.id.parse().ok().and_then(|id: u64| queues.held.get_mut(&id));
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
