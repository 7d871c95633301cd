//! The simulated platform of a flow's functions: it delivers messages, runs the functions, ends those that take too
//! long, and fails.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use riffle_ports::{Clock, Message, WorkQueue};
use riffle_runtime::{FunctionEvent, queue_event};
use riffle_testkit::memory::{ManualClock, MemoryMessage, MemoryQueue, QueuePlace};
use riffle_testkit::simulator::{Control, Executor, FaultPlan, Polled, Rng, TaskId, Trace};

use crate::Violation;
use crate::conditions::{Conditions, DeliveryRates};

/// A body that no decoder accepts.
pub const GARBAGE: &str = "{\"detail\":";

/// The purpose of an invocation.
pub trait InvocationKind: Debug {
    /// Returns the place whose messages it processes, if any.
    fn place(&self) -> Option<QueuePlace>;
}

/// A running function.
#[derive(Debug)]
pub struct Invocation<K> {
    pub kind: K,
    pub since: DateTime<Utc>,
}

/// The result of a step of an invocation.
#[derive(Debug)]
pub enum Stepped<K, A> {
    /// It is not finished.
    Pending,
    Answered(Invocation<K>, A),
    Crashed(Invocation<K>),
    TimedOut(Invocation<K>),
}

/// A harm due at a step that the platform does not carry out itself.
#[derive(Debug, Clone, Copy)]
pub enum Harm {
    /// A message is to be lost.
    Lose,
    /// A harm that the flow carries out: an index into the rates that the flow gave to the draw.
    Own(usize),
    PowerCut,
}

/// Creates the control and the clock of a run, and a seed for the ids generated in it.
pub fn begin(seed: u64, conditions: &Conditions, readable: bool) -> (Arc<Control>, Arc<ManualClock>, u64) {
    let clock = Arc::new(ManualClock::new());
    let mut rng = Rng::new(seed);
    let ids = rng.next();
    let trace = Trace::new(readable);
    let control = Arc::new(Control::new(rng, conditions.plan.clone(), trace, Arc::clone(&clock)));
    control.skew_clocks(conditions.skew);
    (control, clock, ids)
}

/// Returns the event with which a function receives a batch.
pub fn batch_event(received: &[MemoryMessage]) -> FunctionEvent<SqsEvent> {
    let ids: Vec<String> = received.iter().map(|received| received.id.to_string()).collect();
    let messages = ids.iter().zip(received).map(|(id, received)| {
        (id.as_str(), received.receive_count, received.sent_at, received.message.body.as_str())
    });
    FunctionEvent::new(queue_event("q", messages), "invocation")
}

/// Returns the ids of the messages that a function reports as failed.
pub fn failed(response: SqsBatchResponse) -> Vec<String> {
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

/// The queues, the clock and the invocations of one run.
pub struct SimPlatform<K, A> {
    pub control: Arc<Control>,
    /// The current conditions.
    pub conditions: Conditions,
    /// The moment since which nothing fails any more.
    pub calm_since: Option<DateTime<Utc>>,
    /// The places with consumers: all queues of a flow.
    places: Vec<QueuePlace>,
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
    executor: Executor<A>,
    running: BTreeMap<TaskId, Invocation<K>>,
}

impl<K, A> std::fmt::Debug for SimPlatform<K, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Platform").field("conditions", &self.conditions).finish_non_exhaustive()
    }
}

impl<K: InvocationKind, A> SimPlatform<K, A> {
    pub fn new(
        control: &Arc<Control>,
        clock: &Arc<ManualClock>,
        queue: &Arc<MemoryQueue>,
        conditions: &Conditions,
        flow: &str,
    ) -> Self {
        let consumed = queue.topology().consumed().filter(|consumed| consumed.flow.name == flow);
        Self {
            control: Arc::clone(control),
            conditions: conditions.clone(),
            calm_since: None,
            places: consumed.map(|consumed| QueuePlace::of(consumed.queue.name)).collect(),
            clock: Arc::clone(clock),
            queue: Arc::clone(queue),
            executor: Executor::new(Arc::clone(control)),
            running: BTreeMap::new(),
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn is_hostile(&self) -> bool {
        self.calm_since.is_none()
    }

    /// Returns the running invocations.
    pub fn running(&self) -> impl Iterator<Item = &Invocation<K>> {
        self.running.values()
    }

    /// Returns the ids of the running invocations, in the order that [`nth`](Self::nth) and [`step`](Self::step) count
    /// in.
    pub fn ids(&self) -> impl Iterator<Item = TaskId> {
        self.executor.ids()
    }

    /// Returns the `nth` invocation.
    pub fn nth(&self, nth: usize) -> Option<&Invocation<K>> {
        self.running.get(&self.ids().nth(nth)?)
    }

    pub fn invocations(&self) -> usize {
        self.executor.len()
    }

    pub fn is_idle(&self) -> bool {
        self.executor.is_empty()
    }

    /// Starts an invocation. The plan injects no faults into a `spared` one.
    pub fn invoke(&mut self, name: &'static str, spared: bool, kind: K, future: LocalBoxFuture<'static, A>)
    where
        A: 'static,
    {
        let id = self.executor.spawn(name, spared, future);
        self.control.note("spawn", &id.0.to_le_bytes(), || format!("{name}#{} {kind:?}", id.0));
        self.running.insert(id, Invocation { kind, since: self.now() });
    }

    /// Draws one of several choices with these weights. Returns its index and how far within its weight the draw fell,
    /// or `None` if all weights are 0.
    pub fn choose(&self, weights: &[usize]) -> Option<(usize, usize)> {
        let total: usize = weights.iter().sum();
        if total == 0 {
            return None;
        }
        let mut drawn = self.control.draw(|rng| rng.below(total));
        for (choice, weight) in weights.iter().enumerate() {
            if drawn < *weight {
                return Some((choice, drawn));
            }
            drawn -= weight;
        }
        None
    }

    /// Continues the `nth` invocation for one step, or ends it if it has run longer than `limit` and the platform has
    /// timeouts.
    pub fn step(&mut self, nth: usize, limit: TimeDelta) -> Result<Stepped<K, A>, Violation> {
        let Some(next) = self.executor.ids().nth(nth) else { return Ok(Stepped::Pending) };
        let took = |running: &Invocation<K>| self.now() - running.since;
        if self.conditions.timeouts && self.running.get(&next).is_some_and(|running| took(running) > limit) {
            self.control.sometimes("an invocation times out");
            self.executor.crash(next);
            return Ok(self.ended(next).map_or(Stepped::Pending, Stepped::TimedOut));
        }
        let Some((id, name, polled)) = self.executor.step(nth) else { return Ok(Stepped::Pending) };
        let invocation = match polled {
            Polled::Pending => None,
            _ => self.ended(id),
        };
        match (polled, invocation) {
            (Polled::Done(answer), Some(invocation)) => Ok(Stepped::Answered(invocation, answer)),
            (Polled::Crashed, Some(invocation)) => {
                self.control.note("crash", &id.0.to_le_bytes(), || format!("{name}#{}", id.0));
                Ok(Stepped::Crashed(invocation))
            }
            (Polled::Panicked(message), _) => {
                Err(Violation::new(0, format!("{name}#{} panicked: {message}", id.0)))
            }
            (Polled::Stuck, _) => {
                Err(Violation::new(0, format!("{name}#{} waits for something outside this world", id.0)))
            }
            _ => Ok(Stepped::Pending),
        }
    }

    fn ended(&mut self, id: TaskId) -> Option<Invocation<K>> {
        self.running.remove(&id)
    }

    /// Ends all invocations at once, as when the only machine is switched off. Returns them.
    pub fn cut_power(&mut self) -> Vec<Invocation<K>> {
        self.control.note("power cut", &[], String::new);
        self.control.sometimes("the power fails");
        let dead = self.executor.crash_all();
        dead.into_iter().filter_map(|id| self.ended(id)).collect()
    }

    /// Stops all harm and random faults. Placed faults are few and stay.
    pub fn calm_down(&mut self) {
        self.calm_since = Some(self.now());
        self.control.note("calm", &[], String::new);
        if !self.conditions.plan.is_placed() {
            self.control.follow(FaultPlan::Quiet);
        }
        self.conditions.delivery = DeliveryRates::default();
        self.conditions.jumps = 0;
        self.conditions.power_cuts = 0;
    }

    /// Lets time pass: usually none, and at the rate of jumps, unless `is_spared`, longer than most operations take.
    /// `spans` are the ranges of long and very long jumps, in milliseconds.
    pub fn pass_time(&self, is_spared: bool, spans: [(i64, i64); 2]) {
        let jumps = if is_spared { 0 } else { self.conditions.jumps };
        let [long, longer] = spans;
        let by = self.control.draw(|rng| {
            if jumps > 0 && rng.chance(jumps) {
                match rng.below(4) {
                    0 => rng.between(200, 1_000),
                    1 | 2 => rng.between(long.0, long.1),
                    _ => rng.between(longer.0, longer.1),
                }
            } else if rng.chance(2_500) {
                rng.between(0, 60)
            } else {
                0
            }
        });
        self.clock.advance(TimeDelta::milliseconds(by));
    }

    /// Returns the places that have a visible message and a free consumer.
    pub fn deliverable(&self) -> Vec<QueuePlace> {
        let free = |place: &QueuePlace| {
            let busy = self.running().filter(|running| running.kind.place() == Some(*place)).count();
            busy < self.conditions.concurrency && self.queue.has_visible(*place)
        };
        self.places.iter().copied().filter(free).collect()
    }

    /// Receives a batch of at most `most` messages: any visible ones, in any order.
    pub fn receive(&self, place: QueuePlace, most: usize) -> Vec<MemoryMessage> {
        let largest = self.conditions.largest_batch.min(most);
        let mut ids = self.queue.visible(place);
        self.control.draw(|rng| {
            rng.shuffle(&mut ids);
            ids.truncate(1 + rng.below(largest));
        });
        self.queue.receive_these(place, &ids)
    }

    /// Sometimes makes a failed message visible again before its time.
    pub fn release(&self, received: &MemoryMessage) {
        if self.is_hostile() && self.control.draw(|rng| rng.chance(2_000)) {
            self.queue.release(received);
        }
    }

    /// If the conditions say so, puts an undecodable message into each queue that functions send to.
    pub fn litter(&self) {
        let garbage = Message { group: "nobody".to_owned(), body: GARBAGE.to_owned() };
        let is_filled_by_another = |place: &&QueuePlace| {
            let others = self.places.iter().filter(|other| *other != *place);
            others.into_iter().any(|other| {
                self.queue.topology().redrive(other.queue).is_some_and(|redrive| redrive.to == place.queue)
            })
        };
        let sent_to = self.places.iter().filter(|place| !is_filled_by_another(place));
        for place in sent_to.filter(|_| self.conditions.garbage) {
            let sent = block_on(self.queue.send(place.queue, std::slice::from_ref(&garbage)));
            assert_eq!(sent, Ok(Vec::new()), "the queue in memory accepts every message");
        }
    }

    /// Draws the harm of a step: one that affects any message except in places that `is_spared`, one of the flow's
    /// `own` at these rates in ten-thousandths, or a power cut. Returns the harm that the flow must carry out. One draw
    /// decides among all, so that a step consumes one random number whatever the rates.
    pub fn harm(&self, own: &[u32], is_spared: impl Fn(QueuePlace) -> bool) -> Option<Harm> {
        if !self.is_hostile() {
            return None;
        }
        let DeliveryRates { lose, expose, resurrect, delay, .. } = self.conditions.delivery;
        let mut drawn = self.control.draw(|rng| rng.below(10_000));
        let mut strikes = |rate: u32| {
            let struck = drawn < rate as usize;
            drawn = drawn.saturating_sub(rate as usize);
            struck
        };
        if strikes(lose) {
            return Some(Harm::Lose);
        }
        if strikes(expose) {
            if let Some((place, id)) = self.message_anywhere(is_spared) {
                self.expose(place, id);
            }
            return None;
        }
        if strikes(resurrect) {
            self.resurrect(is_spared);
            return None;
        }
        if strikes(delay) {
            if let Some((_, id)) = self.message_anywhere(is_spared) {
                self.hold_back(id);
            }
            return None;
        }
        let own = own.iter().position(|rate| strikes(*rate)).map(Harm::Own);
        own.or_else(|| strikes(self.conditions.power_cuts).then_some(Harm::PowerCut))
    }

    /// Returns any message, except garbage, of any place that has consumers and is not spared.
    pub fn message_anywhere(&self, is_spared: impl Fn(QueuePlace) -> bool) -> Option<(QueuePlace, u64)> {
        let place = self.control.draw(|rng| rng.pick(&self.places).copied()).filter(|it| !is_spared(*it))?;
        Some((place, self.message_of(place)?))
    }

    /// Returns any message of `place`, except garbage.
    pub fn message_of(&self, place: QueuePlace) -> Option<u64> {
        let ids = self.queue.ids(place, |body| body != GARBAGE);
        self.control.draw(|rng| rng.pick(&ids).copied())
    }

    /// Makes a message in flight visible to other consumers.
    fn expose(&self, place: QueuePlace, id: u64) {
        self.queue.expose(id);
        self.control.note("expose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
        self.control.sometimes("a message in flight is delivered a second time");
    }

    /// Brings back a deleted message, unless it is of one of the `spared` places.
    fn resurrect(&self, spared: impl Fn(QueuePlace) -> bool) {
        let deleted = self.queue.deleted();
        let nth = self.control.draw(|rng| rng.below(deleted.len()));
        if deleted.get(nth).is_some_and(|place| !spared(*place))
            && let Some(place) = self.queue.resurrect(nth)
        {
            self.control.note("resurrect", &[], || format!("{place:?}"));
            self.control.sometimes("a deleted message is delivered again");
        }
    }

    /// Delays a message.
    fn hold_back(&self, id: u64) {
        let by = self.control.draw(|rng| TimeDelta::seconds(rng.between(1, 300)));
        self.queue.delay(id, by);
        self.control.note("delay", &id.to_le_bytes(), || format!("message {id} by {by}"));
    }

    pub fn lose(&self, place: QueuePlace, id: u64) {
        self.queue.lose(id);
        self.control.note("lose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
    }
}
