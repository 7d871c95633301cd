//! The platform under the functions of a flow: it hands messages to them, runs them, ends those that take too long, and
//! fails.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use futures::future::LocalBoxFuture;
use riffle_ports::{Clock, Message, Queue, WorkQueue};
use riffle_testkit::memory::{ManualClock, MemoryQueue, Place, Received};
use riffle_testkit::simulator::{Control, Executor, Plan, Polled, TaskId};

use crate::Violation;

/// What an invocation is there for.
pub(crate) trait Kind: Debug {
    /// The place whose messages it has, if it has any.
    fn place(&self) -> Option<Place>;
}

/// A function at work.
#[derive(Debug)]
pub(crate) struct Invocation<K> {
    pub kind: K,
    pub since: DateTime<Utc>,
}

/// What a step of an invocation led to.
pub(crate) enum Stepped<K, A> {
    /// It has some way to go.
    Pending,
    Answered(Invocation<K>, A),
    Crashed(Invocation<K>),
    TimedOut(Invocation<K>),
}

pub(crate) struct Platform<K, A> {
    pub control: Arc<Control>,
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
    executor: Executor<A>,
    running: BTreeMap<TaskId, Invocation<K>>,
}

impl<K: Kind, A> Platform<K, A> {
    pub fn new(control: &Arc<Control>, clock: &Arc<ManualClock>, queue: &Arc<MemoryQueue>) -> Self {
        Self {
            control: Arc::clone(control),
            clock: Arc::clone(clock),
            queue: Arc::clone(queue),
            executor: Executor::new(Arc::clone(control)),
            running: BTreeMap::new(),
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Invocations under way.
    pub fn running(&self) -> impl Iterator<Item = &Invocation<K>> {
        self.running.values()
    }

    /// The same, by the places in which they take their steps.
    pub fn ids(&self) -> impl Iterator<Item = TaskId> {
        self.executor.ids()
    }

    /// The one in the `nth` place.
    pub fn nth(&self, nth: usize) -> Option<&Invocation<K>> {
        self.running.get(&self.ids().nth(nth)?)
    }

    pub fn len(&self) -> usize {
        self.executor.len()
    }

    pub fn is_idle(&self) -> bool {
        self.executor.is_empty()
    }

    /// The plan injects nothing into a `spared` one.
    pub fn invoke(&mut self, name: &'static str, spared: bool, kind: K, future: LocalBoxFuture<'static, A>)
    where
        A: 'static,
    {
        let id = self.executor.spawn(name, spared, future);
        self.control.note("spawn", &id.0.to_le_bytes(), || format!("{name}#{} {kind:?}", id.0));
        self.running.insert(id, Invocation { kind, since: self.now() });
    }

    /// The `nth` invocation goes on for a step, unless it has taken longer than `limit`.
    pub fn step(&mut self, nth: usize, limit: Option<TimeDelta>) -> Result<Stepped<K, A>, Violation> {
        let Some(next) = self.executor.ids().nth(nth) else { return Ok(Stepped::Pending) };
        let took = |running: &Invocation<K>| self.now() - running.since;
        if limit.is_some_and(|limit| self.running.get(&next).is_some_and(|running| took(running) > limit)) {
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

    /// All invocations die at once, as when the one machine is switched off. Returns which they were.
    pub fn cut_power(&mut self) -> Vec<Invocation<K>> {
        self.control.note("power cut", &[], String::new);
        self.control.sometimes("the power fails");
        let dead = self.executor.crash_all();
        dead.into_iter().filter_map(|id| self.ended(id)).collect()
    }

    /// From now on nothing goes wrong by itself. Faults that are placed are few, and keep their places.
    pub fn calm_down(&self, plan: &Plan) {
        self.control.note("calm", &[], String::new);
        if !plan.is_placed() {
            self.control.follow(Plan::Quiet);
        }
    }

    /// Time passes: mostly none, and now and then, in so many ten-thousandths of the steps, more than most things last.
    /// `spans` are what is long and what is very long, in milliseconds.
    pub fn pass_time(&self, jumps: u32, spans: [(i64, i64); 2]) {
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

    /// Those of `places` that have something to deliver, and a consumer to take it: each has so many.
    pub fn deliverable(&self, places: &[Place], consumers: usize) -> Vec<Place> {
        let free = |place: &Place| {
            let busy = self.running().filter(|running| running.kind.place() == Some(*place)).count();
            busy < consumers && self.queue.has_visible(*place)
        };
        places.iter().copied().filter(free).collect()
    }

    /// A batch of at most so many: any of what is visible, in any order.
    pub fn receive(&self, place: Place, largest: usize) -> Vec<Received> {
        let mut ids = self.queue.visible(place);
        self.control.draw(|rng| {
            rng.shuffle(&mut ids);
            ids.truncate(1 + rng.below(largest));
        });
        self.queue.receive_these(place, &ids)
    }

    /// A message nobody can decode is put into each of `queues`.
    pub fn litter(&self, queues: impl IntoIterator<Item = Queue>, garbage: &str) {
        let garbage = Message { group: "nobody".to_owned(), body: garbage.to_owned() };
        for queue in queues {
            let sent = block_on(self.queue.send(queue, std::slice::from_ref(&garbage)));
            assert_eq!(sent, Ok(Vec::new()), "the queue in memory takes everything");
        }
    }

    /// Which harm strikes, of those that have these rates in ten-thousandths. One draw for all, so that a step costs one
    /// number whatever the rates.
    pub fn struck(&self, rates: &[u32]) -> Option<usize> {
        let mut drawn = self.control.draw(|rng| rng.below(10_000));
        for (harm, rate) in rates.iter().enumerate() {
            let rate = *rate as usize;
            if drawn < rate {
                return Some(harm);
            }
            drawn -= rate;
        }
        None
    }

    /// Any message of `place`, but no `garbage`.
    pub fn any_message(&self, place: Place, garbage: &str) -> Option<u64> {
        let ids = self.queue.ids(place, |body| body != garbage);
        self.control.draw(|rng| rng.pick(&ids).copied())
    }

    /// A message in flight becomes visible to others.
    pub fn expose(&self, place: Place, id: u64) {
        self.queue.expose(id);
        self.control.note("expose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
        self.control.sometimes("a message in flight is delivered to another, too");
    }

    /// A deleted message comes back, if it is of none of the `spared` places.
    pub fn resurrect(&self, spared: impl Fn(Place) -> bool) {
        let deleted = self.queue.deleted();
        let nth = self.control.draw(|rng| rng.below(deleted.len()));
        if deleted.get(nth).is_some_and(|place| !spared(*place))
            && let Some(place) = self.queue.resurrect(nth)
        {
            self.control.note("resurrect", &[], || format!("{place:?}"));
            self.control.sometimes("a deleted message is delivered again");
        }
    }

    /// A message becomes visible later than it should.
    pub fn hold_back(&self, id: u64) {
        let by = self.control.draw(|rng| TimeDelta::seconds(rng.between(1, 300)));
        self.queue.delay(id, by);
        self.control.note("delay", &id.to_le_bytes(), || format!("message {id} by {by}"));
    }

    pub fn lose(&self, place: Place, id: u64) {
        self.queue.lose(id);
        self.control.note("lose", &id.to_le_bytes(), || format!("{place:?} message {id}"));
    }
}
