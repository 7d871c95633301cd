//! The flow in the simulator: its real functions under all faults that can occur between them.
//!
//! | | | checked |
//! |---|---|---|
//! | 1 | a note is completed at most once, and does not change afterwards | at each step |
//! | 2 | its word count is that of its text | at each step |
//! | 3 | each note is completed, or failed if unreadable; queues and outbox are empty | at the end, without faults |

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::executor::block_on;
use riffle_demo_flow_tests::TOPOLOGY;
use riffle_demo_flow_tests::bind::bind_notes;
use riffle_demo_flow_tests::flow::{Note, NoteState, Notes, note_id};
use riffle_demo_flow_tests::topology::{COUNT, NAME, SWEEPER, UPLOADS};
use riffle_ports::{
    Clock as _, DeadLetterStore as _, EventPublisher, FlowState as _, Inbox, ObjectRef, Outgoing, Record,
    RecordStore,
};
use riffle_runtime::Registry;
use riffle_sim_tests::campaign::{self, Simulated};
use riffle_sim_tests::platform::{self, GARBAGE, Harm, SimPlatform, Stepped, batch_event, failed};
use riffle_sim_tests::{Conditions, DeliveryRates, ScheduleRun, Violation, run};
use riffle_testkit::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryMessage, MemoryQueue, MemoryRecords, NewObject, QueuePlace,
    RecordsChange,
};
use riffle_testkit::simulator::{Control, Fault, FaultPlan, Faulty, FaultyRecords, Rates, Rng};

/// The number of schedules in every test run.
const SCHEDULES: u64 = 1_000;
/// The number of schedules within which a known-bad protocol must be caught.
const PATIENCE: u64 = 500;

/// Situations that the generator must reach: otherwise the schedules prove little.
const SOMETIMES: [&str; 9] = [
    "a deleted message is delivered again",
    "a message in flight is delivered a second time",
    "a message to the counter is lost",
    "a note cannot be read",
    "a sweep reads an index that lags",
    "an invocation times out",
    "dead letters are redriven",
    "the bus delivers an event twice",
    "the power fails",
];

/// The content of a note that is not text.
const POISON: &[u8] = b"\xff\xfe";
/// The timeout of an invocation.
const LIMIT: TimeDelta = TimeDelta::seconds(60);
const VISIBILITY: TimeDelta = TimeDelta::minutes(6);
const SWEEP_EVERY: TimeDelta = TimeDelta::minutes(1);
/// How often operators redrive dead letters.
const REDRIVES: u32 = 3;

/// The real flow, or a variant with a known-bad protocol.
#[derive(Debug, Clone, Copy)]
struct Demo(Option<Mutant>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutant {
    /// A notification is acknowledged before the note is stored.
    AcknowledgeBeforeStoring,
    /// A batch is acknowledged whatever its function returns.
    AcknowledgeOnError,
}

impl Mutant {
    const ALL: [Self; 2] = [Self::AcknowledgeBeforeStoring, Self::AcknowledgeOnError];
}

impl Simulated for Demo {
    fn name(self) -> &'static str {
        NAME
    }

    fn mutant(self) -> Option<&'static str> {
        self.0.map(|mutant| match mutant {
            Mutant::AcknowledgeBeforeStoring => "acknowledge-before-storing",
            Mutant::AcknowledgeOnError => "acknowledge-on-error",
        })
    }

    fn any(self, seed: u64, readable: bool) -> ScheduleRun {
        run(&mut World::new(Scenario::any(seed), self.0, readable), seed)
    }

    fn placed(self, faults: Vec<(u64, Fault)>, readable: bool) -> ScheduleRun {
        run(&mut World::new(Scenario::small(FaultPlan::Placed(faults)), self.0, readable), 1)
    }
}

/// The choices that a seed makes in advance.
#[derive(Debug)]
struct Scenario {
    seed: u64,
    /// The texts of notes, and the milliseconds after which each arrives.
    notes: Vec<(Bytes, i64)>,
    conditions: Conditions,
}

impl Scenario {
    fn any(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x0000_7E47_0000_0000);
        let rng = &mut rng;
        let notes = (0..=rng.below(4)).map(|_| {
            let words = vec!["word"; rng.below(5)];
            let text =
                if rng.chance(1_000) { Bytes::from_static(POISON) } else { Bytes::from(words.join(" ")) };
            (text, *rng.pick(&[0, 0, 1_000, 90_000]).unwrap_or(&0))
        });
        let notes = notes.collect();
        let mut rate = |choices: &[u32]| rng.pick(choices).copied().unwrap_or(0);
        let conditions = Conditions {
            delivery: DeliveryRates {
                lose: rate(&[0, 0, 0, 50]),
                expose: rate(&[0, 0, 50, 200]),
                resurrect: rate(&[0, 0, 50, 200]),
                delay: rate(&[0, 0, 50]),
                repeat: rate(&[0, 0, 50, 200]),
            },
            jumps: rate(&[0, 50, 200]),
            power_cuts: rate(&[0, 0, 30, 100]),
            plan: FaultPlan::Random(Rates::mixed(rng)),
            skew: TimeDelta::milliseconds(*rng.pick(&[0, 0, 900, 3_000]).unwrap_or(&0)),
            timeouts: rng.chance(6_000),
            garbage: rng.chance(1_000),
            hostile_steps: 50 + rng.below(500) as u64,
            concurrency: 1 + rng.below(3),
            largest_batch: 1 + rng.below(4),
        };
        Self { seed, notes, conditions }
    }

    /// Two notes, for runs that place one fault at each possible point.
    fn small(plan: FaultPlan) -> Self {
        let notes = vec![(Bytes::from_static(b"one"), 0), (Bytes::from_static(b"one two"), 0)];
        Self { seed: 1, notes, conditions: Conditions::friendly(plan) }
    }
}

#[derive(Debug)]
enum NotesInvocation {
    Batch(QueuePlace, Vec<MemoryMessage>),
    Sweep,
}

impl platform::InvocationKind for NotesInvocation {
    fn place(&self) -> Option<QueuePlace> {
        if let Self::Batch(place, _) = self { Some(*place) } else { None }
    }
}

/// The result of an invocation that neither crashed nor panicked: the ids of failed messages.
type Answer = Vec<String>;

struct World {
    mutant: Option<Mutant>,
    control: Arc<Control>,
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
    bus: Arc<MemoryBus>,
    inbox: Arc<MemoryInbox>,
    records: Arc<MemoryRecords>,
    registry: Registry,
    platform: SimPlatform<NotesInvocation, Answer>,
    /// Notes that have not arrived yet.
    coming: Vec<(DateTime<Utc>, Bytes)>,
    put: Vec<(ObjectRef, Bytes)>,
    /// The number of times that each note was completed, by id.
    completed: BTreeMap<String, u32>,
    next_sweep: DateTime<Utc>,
    redrives: u32,
}

fn name_of(_seen: &Record, next: &Record, _announce: &[Outgoing]) -> &'static str {
    match &*next.state {
        "completed" => "records.complete",
        "failed" => "records.fail",
        _ => "records.revive",
    }
}

impl World {
    fn new(scenario: Scenario, mutant: Option<Mutant>, readable: bool) -> Self {
        let (control, clock, _) = platform::begin(scenario.seed, &scenario.conditions, readable);
        let queue = Arc::new(MemoryQueue::of(TOPOLOGY, clock.clone(), VISIBILITY));
        let bus = Arc::new(MemoryBus::new(clock.clone(), queue.clone()));
        let inbox = Arc::new(MemoryInbox::new("uploads", queue.clone(), clock.clone()));
        let records = Arc::new(MemoryRecords::default());
        let notes = Notes {
            records: Arc::new(FaultyRecords::new(
                records.clone() as Arc<dyn RecordStore>,
                control.clone(),
                name_of,
            )),
            events: Arc::new(Faulty::new(bus.clone() as Arc<dyn EventPublisher>, control.clone())),
            inbox: Arc::new(Faulty::new(inbox.clone() as Arc<dyn Inbox>, control.clone())),
            clock: control.clone(),
        };
        let mut registry = Registry::new(TOPOLOGY);
        bind_notes(&mut registry, &notes);
        let platform = SimPlatform::new(&control, &clock, &queue, &scenario.conditions, NAME);
        platform.litter();
        let now = clock.now();
        let coming = scenario.notes.into_iter();
        Self {
            mutant,
            platform,
            coming: coming.map(|(text, after)| (now + TimeDelta::milliseconds(after), text)).collect(),
            put: Vec::new(),
            completed: BTreeMap::new(),
            next_sweep: now + SWEEP_EVERY,
            redrives: 0,
            control,
            clock,
            queue,
            bus,
            inbox,
            records,
            registry,
        }
    }

    /// Returns whether a sweep has work to do.
    fn has_loose_ends(&self) -> bool {
        self.records
            .inspect(|data| !data.outbox.is_empty() || data.records.values().any(|record| record.open))
    }

    fn do_harm(&mut self) {
        match self.platform.harm(&[self.platform.conditions.delivery.repeat], |_| false) {
            None => {}
            Some(Harm::Lose) => self.lose_message(),
            Some(Harm::Own(_)) => self.repeat_event(),
            Some(Harm::PowerCut) => drop(self.platform.cut_power()),
        }
    }

    /// Loses a message of the counter's queue. The records still have its work; the other queue must lose nothing.
    fn lose_message(&self) {
        let place = self.queue.place(COUNT);
        if let Some(id) = self.platform.message_of(place) {
            self.platform.lose(place, id);
            self.control.sometimes("a message to the counter is lost");
        }
    }

    fn repeat_event(&self) {
        let published = self.bus.published();
        if published > 0 {
            let nth = self.control.draw(|rng| rng.below(published));
            block_on(self.bus.repeat(nth)).expect("the queue in memory accepts everything");
            self.control.sometimes("the bus delivers an event twice");
        }
    }

    fn upload(&mut self) {
        let now = self.clock.now();
        let due = self.coming.iter().position(|(at, _)| *at <= now).expect("a note that is due");
        let (_, content) = self.coming.swap_remove(due);
        let key = format!("notes/ann/{}", self.put.len());
        let object = NewObject { key, content: content.clone(), ..NewObject::default() };
        let object = block_on(self.inbox.put(object)).expect("the bucket in memory accepts everything");
        self.put.push((object, content));
    }

    fn deliver(&mut self, place: QueuePlace) {
        let consumed = TOPOLOGY.queue(place.queue).expect("a queue of the flow");
        let received = self.platform.receive(place, consumed.queue.batch as usize);
        if received.is_empty() {
            return;
        }
        if self.mutant == Some(Mutant::AcknowledgeBeforeStoring) && place.queue == UPLOADS {
            for message in &received {
                self.queue.delete(message);
            }
        }
        let call = self.registry.call(consumed.function, batch_event(&received));
        let future = Box::pin(async { failed(call.await) });
        self.platform.invoke(consumed.function, false, NotesInvocation::Batch(place, received), future);
    }

    fn sweep(&mut self) {
        let call = self.registry.tick(SWEEPER);
        // The next sweep repeats the work of a failed one.
        let future = Box::pin(async { call.await.map_or_else(|_| Vec::new(), |()| Vec::new()) });
        self.platform.invoke(SWEEPER, false, NotesInvocation::Sweep, future);
    }

    /// Deletes processed messages; the others are delivered again.
    fn settle(&mut self, kind: &NotesInvocation, answer: &Answer) {
        let NotesInvocation::Batch(_, received) = kind else { return };
        for message in received {
            let has_failed = answer.contains(&message.id.to_string());
            if has_failed && self.mutant != Some(Mutant::AcknowledgeOnError) {
                self.platform.release(message);
            } else {
                self.queue.delete(message);
            }
        }
    }

    /// If nothing can run, advances time until something can.
    fn wait(&mut self) -> Result<(), Violation> {
        let coming = self.coming.iter().map(|(at, _)| *at);
        let sweep = self.has_loose_ends().then_some(self.next_sweep);
        let Some(next) = self.queue.next_visible_at().into_iter().chain(coming).chain(sweep).min() else {
            if self.platform.is_hostile() {
                self.platform.calm_down();
                return Ok(());
            }
            return Err(Violation::new(3, "nothing can run any more, but the run is not complete"));
        };
        self.clock.advance_to(next);
        Ok(())
    }

    fn happen(&mut self) -> Result<(), Violation> {
        self.platform.pass_time(false, [(1_000, 50_000), (300_000, 2_400_000)]);
        self.do_harm();
        let now = self.clock.now();
        if now >= self.next_sweep {
            self.next_sweep = now + SWEEP_EVERY;
            self.sweep();
        }
        let tasks = self.platform.invocations();
        let deliverable = self.platform.deliverable();
        let due = self.coming.iter().any(|(at, _)| *at <= now);
        let weights = [if tasks > 0 { 60 } else { 0 }, 10 * deliverable.len(), if due { 15 } else { 0 }];
        match self.platform.choose(&weights) {
            None => self.wait()?,
            Some((0, drawn)) => {
                if let Stepped::Answered(invocation, answer) =
                    self.platform.step(drawn * tasks / weights[0], LIMIT)?
                {
                    self.settle(&invocation.kind, &answer);
                }
            }
            Some((1, drawn)) => self.deliver(deliverable[drawn / 10]),
            Some(_) => self.upload(),
        }
        Ok(())
    }

    /// Checks the writes since the last step.
    fn watch(&mut self) -> Result<(), Violation> {
        for note in self.records.inspect(riffle_testkit::memory::RecordsData::take_notes) {
            let RecordsChange::Replaced { seen, next, .. } = note else { continue };
            let id = &next.subject.id;
            if seen.state == "completed" {
                return Err(Violation::new(1, format!("{id} is completed, but changes to {}", next.state)));
            }
            if next.state == "completed" {
                *self.completed.entry(id.clone()).or_default() += 1;
                let counted = Note::from_record(&next).ok().and_then(|note| note.body.words);
                let text = self.put.iter().find(|(object, _)| note_id(object) == *id);
                let words = text.and_then(|(_, text)| words(text));
                if counted.is_none() || counted != words {
                    return Err(Violation::new(2, format!("{id} has {words:?} words, not {counted:?}")));
                }
            }
        }
        Ok(())
    }

    fn dead_letters(&self) -> Vec<riffle_ports::DeadLetter> {
        let (dead_letters, _) =
            block_on(self.queue.list(Some(NAME), u32::MAX)).expect("the queue in memory can be read");
        dead_letters.into_iter().filter(|dead_letter| dead_letter.body != GARBAGE).collect()
    }

    fn check_end(&self) -> Result<(), Violation> {
        for (object, text) in &self.put {
            let (id, words) = (note_id(object), words(text));
            let subject = riffle_demo_flow_tests::flow::subject(&id);
            let record = block_on(self.records.get("ann", &subject)).expect("records in memory can be read");
            let Some(record) = record else {
                return Err(Violation::new(3, format!("{} was never stored", object.key)));
            };
            let wanted = if words.is_some() { NoteState::Completed } else { NoteState::Failed };
            if record.state != wanted.as_str() {
                return Err(Violation::new(3, format!("{} is {} in the end", object.key, record.state)));
            }
            let times = self.completed.get(&id).copied().unwrap_or_default();
            if times != u32::from(words.is_some()) {
                return Err(Violation::new(1, format!("{} was completed {times} times", object.key)));
            }
            if words.is_none() {
                self.control.sometimes("a note cannot be read");
            }
        }
        Ok(())
    }
}

fn words(text: &Bytes) -> Option<u64> {
    std::str::from_utf8(text).ok().map(|text| text.split_whitespace().count() as u64)
}

impl riffle_sim_tests::SimWorld for World {
    type Kind = NotesInvocation;
    type Response = Answer;

    fn platform(&self) -> &SimPlatform<NotesInvocation, Answer> {
        &self.platform
    }

    fn calm_down(&mut self) {
        self.platform.calm_down();
    }

    fn is_over(&self) -> bool {
        self.platform.is_idle() && self.coming.is_empty() && self.queue.is_drained() && !self.has_loose_ends()
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.happen()?;
        self.watch()
    }

    /// Redrives dead letters, as operators do once nothing fails any more.
    fn end(&mut self) -> Result<bool, Violation> {
        let dead_letters = self.dead_letters();
        if self.redrives < REDRIVES && !dead_letters.is_empty() {
            self.redrives += 1;
            self.control.sometimes("dead letters are redriven");
            block_on(self.queue.redrive(&dead_letters)).expect("the queue in memory accepts everything");
            return Ok(true);
        }
        self.check_end()?;
        Ok(false)
    }
}

#[test]
fn every_note_is_completed_once_whatever_goes_wrong() {
    let report = campaign::seeds(Demo(None), 0..SCHEDULES, &|_| (), None);
    if let Some(failure) = &report.failure {
        let trace = Demo(None).any(failure.seed, true).trace.join("\n");
        panic!("{trace}\nseed {} violates {}", failure.seed, failure.violation);
    }
    let missing = report.sometimes.missing(&SOMETIMES);
    assert!(missing.is_empty(), "never occurred: {missing:#?}");
}

#[test]
fn every_placement_of_a_fault_is_survived() {
    let report = campaign::placements(Demo(None), false);
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert!(report.schedules > 40, "only {} placements", report.schedules);
}

#[test]
fn a_known_bad_protocol_is_caught() {
    for mutant in Mutant::ALL {
        let report = campaign::seeds(Demo(Some(mutant)), 0..PATIENCE, &|_| (), None);
        let failure = report.failure.unwrap_or_else(|| panic!("{mutant:?} survives"));
        // Without the known-bad protocol, the same schedule must pass.
        assert_eq!(Demo(None).any(failure.seed, false).violation, None, "{mutant:?}");
    }
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in 0..20 {
        let (once, again) = (Demo(None).any(seed, true), Demo(None).any(seed, false));
        assert_eq!((once.hash, once.steps), (again.hash, again.steps), "seed {seed}");
    }
}
