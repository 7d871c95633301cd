//! Everything derived from the description, and the two stages on ports in memory.

use std::sync::Arc;

use bytes::Bytes;
use chrono::TimeDelta;
use riffle_demo_flow_tests::TOPOLOGY;
use riffle_demo_flow_tests::bind::bind_notes;
use riffle_demo_flow_tests::flow::{NoteState, Notes, note_id};
use riffle_demo_flow_tests::topology::{
    COUNT, COUNT_RECEIVES, COUNTER, FLOW, NAME, RECEIVED, RECEIVER, SWEEPER, UPLOADS,
};
use riffle_ports::{DeadLetterStore as _, ObjectRef, WorkQueue as _};
use riffle_runtime::{DeadLetterService, FunctionEvent, RecordClassifier, Registry, queue_event};
use riffle_testkit::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryMessage, MemoryQueue, MemoryRecords, NewObject,
};
use riffle_topology::{RedrivePolicy, Topology, export};

struct World {
    clock: Arc<ManualClock>,
    queue: Arc<MemoryQueue>,
    inbox: Arc<MemoryInbox>,
    records: Arc<MemoryRecords>,
    bus: Arc<MemoryBus>,
    notes: Notes,
    registry: Registry,
}

impl World {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let queue = Arc::new(MemoryQueue::of(TOPOLOGY, clock.clone(), TimeDelta::minutes(2)));
        let inbox = Arc::new(MemoryInbox::new("uploads", queue.clone(), clock.clone()));
        let records = Arc::new(MemoryRecords::default());
        let bus = Arc::new(MemoryBus::new(clock.clone(), queue.clone()));
        let notes = Notes {
            records: records.clone(),
            events: bus.clone(),
            inbox: inbox.clone(),
            clock: clock.clone(),
        };
        let mut registry = Registry::new(TOPOLOGY);
        bind_notes(&mut registry, &notes);
        Self { clock, queue, inbox, records, bus, notes, registry }
    }

    async fn put(&self, key: &str, content: &'static [u8]) -> ObjectRef {
        let object =
            NewObject { key: key.to_owned(), content: Bytes::from_static(content), ..NewObject::default() };
        self.inbox.put(object).await.expect("the bucket in memory accepts everything")
    }

    /// Passes a queue's messages to its function, as an event source does; returns the number of failed messages.
    async fn deliver(&self, queue: &str) -> usize {
        let received = self.queue.receive(self.queue.place(queue));
        if received.is_empty() {
            return 0;
        }
        let ids: Vec<String> = received.iter().map(|one| one.id.to_string()).collect();
        let messages = ids.iter().zip(&received);
        let messages = messages
            .map(|(id, one)| (id.as_str(), one.receive_count, one.sent_at, one.message.body.as_str()));
        let event = FunctionEvent::new(queue_event(queue, messages), "invocation");
        let function = TOPOLOGY.queue(queue).expect("a queue").function;
        let answer = self.registry.call(function, event).await;
        let failed = |one: &MemoryMessage| {
            answer.batch_item_failures.iter().any(|failure| failure.item_identifier == one.id.to_string())
        };
        for one in &received {
            if failed(one) { self.queue.release(one) } else { self.queue.delete(one) }
        }
        answer.batch_item_failures.len()
    }

    async fn state(&self, object: &ObjectRef) -> Option<(NoteState, Option<u64>)> {
        let note = self.notes.note("ann", &note_id(object)).await.expect("a record");
        note.map(|note| (note.state, note.body.words))
    }
}

#[test]
fn all_that_a_flow_needs_follows_from_its_description() {
    let functions: Vec<&str> = TOPOLOGY.functions().collect();
    for function in [RECEIVER, COUNTER, SWEEPER] {
        assert!(functions.contains(&function));
    }
    assert_eq!(TOPOLOGY.bucket_listener("notes/ann/a").map(|one| one.function), Some(RECEIVER));
    assert_eq!(TOPOLOGY.bucket_listener("statements/ann/a").map(|one| one.flow.name), Some("statements"));
    let consumers: Vec<&str> = TOPOLOGY.listeners(NAME, RECEIVED).map(|one| one.function).collect();
    assert_eq!(consumers, [COUNTER]);
    assert_eq!(TOPOLOGY.listeners("statements", RECEIVED).count(), 0);
    let to = "notes-count-dead-letters".to_owned();
    assert_eq!(TOPOLOGY.redrive(COUNT), Some(RedrivePolicy { after: COUNT_RECEIVES, to }));
    assert!(TOPOLOGY.queue_names().any(|name| name == "notes-uploads-dead-letters"));
    let exported = serde_json::to_string_pretty(&export::document(Topology(&[FLOW]))).expect("plain data");
    assert_eq!(include_str!("../../topology.json").trim_end(), exported, "tests/demo-flow/topology.json");
}

#[test]
fn every_function_of_the_flow_is_bound() {
    let unbound = World::new().registry.unbound();
    let own = FLOW.stages.iter().map(|stage| stage.function).chain([FLOW.sweeper]);
    for function in own {
        assert!(!unbound.contains(&function), "{function} is not bound");
    }
}

#[tokio::test]
async fn a_note_is_received_and_counted_once() {
    let world = World::new();
    let object = world.put("notes/ann/a b", b"three words here").await;
    world.inbox.notify(&object, 16).await.expect("the queue in memory accepts everything");
    assert_eq!(world.deliver(UPLOADS).await, 0);
    assert_eq!(world.state(&object).await, Some((NoteState::Received, None)));
    assert_eq!(world.bus.published(), 1, "the second notification announces nothing more");
    assert_eq!(world.deliver(COUNT).await, 0);
    assert_eq!(world.state(&object).await, Some((NoteState::Completed, Some(3))));
    world.bus.repeat(0).await.expect("the queue in memory accepts everything");
    assert_eq!(world.deliver(COUNT).await, 0, "a repeated event is not a failure");
    let revisions: Vec<u64> =
        world.records.inspect(|data| data.records.values().map(|record| record.revision).collect());
    assert_eq!(revisions, [2]);
    assert!(world.queue.is_drained(), "no other function receives events of notes");
}

#[tokio::test]
async fn an_object_that_is_no_tenants_note_is_left_alone() {
    let world = World::new();
    world.put("notes/read-me", b"of nobody").await;
    assert_eq!(world.deliver(UPLOADS).await, 0);
    assert_eq!(world.records.inspect(|data| data.records.len()), 0);
}

#[tokio::test]
async fn the_sweep_publishes_and_revives_what_was_lost() {
    let world = World::new();
    let object = world.put("notes/ann/a", b"one").await;
    world.deliver(UPLOADS).await;
    let place = world.queue.place(COUNT);
    for id in world.queue.visible(place) {
        assert!(world.queue.lose(id));
    }
    world.clock.advance(TimeDelta::minutes(31));
    world.registry.tick(SWEEPER).await.expect("a sweep");
    assert_eq!(world.deliver(COUNT).await, 0);
    assert_eq!(world.state(&object).await, Some((NoteState::Completed, Some(1))));
}

#[tokio::test]
async fn what_fails_too_often_is_a_dead_letter_that_says_why() {
    let world = World::new();
    let object = world.put("notes/ann/a", b"\xff\xfe").await;
    world.deliver(UPLOADS).await;
    for _ in 0..COUNT_RECEIVES {
        assert_eq!(world.deliver(COUNT).await, 1);
    }
    assert_eq!(world.deliver(COUNT).await, 0, "the message has moved to the dead letters");
    assert_eq!(world.state(&object).await, Some((NoteState::Failed, None)));
    let dead_letters = DeadLetterService {
        dead: world.queue.clone(),
        classifiers: Vec::new(),
        fallback: Arc::new(RecordClassifier { records: world.records.clone() }),
        single_tenant: false,
    };
    let (found, more) = dead_letters.of("ann", Some(NAME), 10).await.expect("a list");
    assert!(!more);
    let [dead_letter] = &found[..] else { panic!("{found:?}") };
    assert_eq!(
        (dead_letter.dead_letter.function.as_str(), dead_letter.dead_letter.queue.as_deref()),
        (COUNTER, Some(COUNT))
    );
    let message_info = dead_letter.message_info.as_ref().expect("a message of notes");
    assert_eq!(
        (message_info.subject.as_str(), message_info.kind.as_str()),
        (note_id(&object).as_str(), RECEIVED)
    );
    assert_eq!(dead_letter.record_info.reason.as_deref(), Some("it is not UTF-8 text"));
    assert_eq!(
        dead_letters.of("ben", None, 10).await.expect("a list"),
        (Vec::new(), false),
        "the dead letter belongs to ann"
    );
    assert_eq!(dead_letters.redrive("ann", Some(NAME), None).await, Ok(1));
    assert_eq!(world.queue.list(None, 10).await, Ok((Vec::new(), false)));
    assert_eq!(world.queue.len(world.queue.place(COUNT)), 1);
    assert!(world.queue.send("notes-nothing", &[]).await.is_err(), "no other queue exists");
}
