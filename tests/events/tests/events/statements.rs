//! The functions of the statements flow, each with its events: one file from its upload to its deletion, and events
//! that arrive twice, arrive late, or cannot be parsed.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use bytes::Bytes;
use chrono::TimeDelta;
use riffle_contracts::EventType;
use riffle_ports::{
    AuditTrail as _, EventPublisher, FigureStore as _, FileId, Month, ObjectRef, RecordStore as _,
};
use riffle_runtime::{FunctionEvent, queue_event};
use riffle_statements::{
    FileState, Filter, InlineStatements, Processor, Statements, StatementsSettings, processing_id,
};
use riffle_testkit::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryObjects, MemoryQueue, MemoryRecords, MemoryStatements,
    NewObject, QueuePlace, SeededIds,
};
use riffle_topology::statements::FIGURES;

use crate::world::event;

const KEY: &str = "statements/acme/2026 Q1/Kontoauszug März + 100%.csv";
const CONTENT: &str = "\
Date,Description,Amount,Currency
2026-01-05,Coffee,-3.50,EUR
2026-01-31,Salary,2500.00,EUR
2026-02-27,Rent,-900,EUR
";

struct World {
    statements: Statements,
    records: Arc<MemoryRecords>,
    store: Arc<MemoryStatements>,
    bus: Arc<MemoryBus>,
    inbox: Arc<MemoryInbox>,
    queue: Arc<MemoryQueue>,
    clock: Arc<ManualClock>,
    file: FileId,
}

/// Returns the ids of the messages that will be redelivered.
fn failed(answer: SqsBatchResponse) -> Vec<String> {
    answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

impl World {
    /// Makes a world with a statement in the bucket, as the events name it, and a package to restore from.
    async fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let queue = Arc::new(MemoryQueue::new(clock.clone(), chrono::TimeDelta::minutes(3)));
        let bus = Arc::new(MemoryBus::new(clock.clone(), queue.clone()));
        let inbox = Arc::new(MemoryInbox::new("riffle-uploads", queue.clone(), clock.clone()));
        let records = Arc::new(MemoryRecords::default());
        let store = Arc::new(MemoryStatements::new(records.clone(), 2));
        let events: Arc<dyn EventPublisher> = bus.clone();
        let statements = Statements {
            records: records.clone(),
            transactions: store.clone(),
            figures: store.clone(),
            audit: store.clone(),
            events,
            objects: Arc::new(MemoryObjects::new()),
            inbox: inbox.clone(),
            queue: queue.clone(),
            clock: clock.clone(),
            ids: Arc::new(SeededIds::new(1)),
            settings: StatementsSettings::default(),
        };
        let statement = NewObject {
            key: KEY.to_owned(),
            content: Bytes::from_static(CONTENT.as_bytes()),
            ..NewObject::default()
        };
        let package = NewObject {
            key: "statements/acme/kept.tar".to_owned(),
            tags: BTreeMap::from([("riffle-skip".to_owned(), String::new())]),
            ..NewObject::default()
        };
        let object: ObjectRef = inbox.put(statement).await.expect("memory does not fail");
        inbox.put(package).await.expect("memory does not fail");
        let file = processing_id(&object);
        Self { statements, records, store, bus, inbox, queue, clock, file }
    }

    async fn receive(&self, case: &str) -> Vec<String> {
        failed(s3_event_handler::handle(&self.statements, event("s3-event-handler", case)).await)
    }

    async fn process(&self, case: &str) -> Vec<String> {
        let deps = Processor { statements: self.statements.clone(), reader: Arc::new(InlineStatements) };
        failed(file_processor_consumer::handle(&deps, event("file-processor-consumer", case)).await)
    }

    async fn categorize(&self, case: &str) -> Vec<String> {
        failed(
            categorization_consumer::handle(&self.statements, event("categorization-consumer", case)).await,
        )
    }

    async fn derive(&self, case: &str) -> Vec<String> {
        failed(analytics_consumer::handle(&self.statements, event("analytics-consumer", case)).await)
    }

    /// Handles everything in the queue of figures.
    async fn derive_all(&self) -> Vec<String> {
        let received = self.queue.receive(QueuePlace::of(FIGURES));
        let ids: Vec<String> = received.iter().map(|one| one.id.to_string()).collect();
        let messages = ids.iter().zip(&received);
        let messages = messages
            .map(|(id, one)| (id.as_str(), one.receive_count, one.sent_at, one.message.body.as_str()));
        let event = FunctionEvent::new(queue_event(FIGURES, messages), "invocation");
        failed(analytics_consumer::handle(&self.statements, event).await)
    }

    async fn record(&self, case: &str) -> Vec<String> {
        failed(audit_consumer::handle(&self.statements, event("audit-consumer", case)).await)
    }

    async fn note(&self, case: &str) -> Vec<String> {
        failed(error_consumer::handle(&self.statements, event("error-consumer", case)).await)
    }

    async fn state(&self) -> Option<FileState> {
        let file = self.statements.file("acme", &self.file).await.expect("memory does not fail");
        file.map(|file| file.state)
    }

    /// Returns the types of all published events.
    fn published(&self) -> Vec<EventType> {
        self.bus.archive().iter().map(|event| event.detail.event_type()).collect()
    }

    async fn rows(&self) -> usize {
        let listed =
            self.statements.list("acme", &Filter::default(), None, 100).await.expect("memory does not fail");
        listed.expect("no filter").transactions.len()
    }

    /// Returns the stored sums of a month.
    async fn figures(&self, month: &str) -> Option<String> {
        let month: Month = month.parse().expect("a month");
        let figures = self.store.figures("acme", "unnamed", month).await;
        figures.expect("memory does not fail").map(|stored| stored.body)
    }

    async fn trail(&self) -> Vec<String> {
        let trail = self.store.of_subject("acme", &self.file.subject()).await.expect("memory does not fail");
        trail.into_iter().map(|entry| entry.event_type).collect()
    }
}

#[test]
fn the_events_are_of_this_file() {
    let FunctionEvent { payload, .. } = event::<SqsEvent>("file-processor-consumer", "uploaded");
    let body = payload.records[0].body.clone().expect("a body");
    let object = ObjectRef {
        bucket: "riffle-uploads".to_owned(),
        key: KEY.to_owned(),
        version: Some("version-1".to_owned()),
        etag: String::new(),
    };
    assert!(body.contains(&processing_id(&object).0), "the ids in the events are those of the file");
}

#[tokio::test]
async fn a_statement_from_its_upload_to_its_deletion() {
    use EventType::{
        DeletionRequested, FileDeleted, FileProcessed, FileUploaded, TransactionsCategorized,
        TransactionsCreated,
    };
    let world = World::new().await;
    assert_eq!(
        world.process("uploaded").await,
        ["m-1"],
        "the event arrives before the record: it is redelivered"
    );
    assert_eq!(world.receive("put").await, [""; 0]);
    assert_eq!(world.state().await, Some(FileState::Received));
    assert_eq!(world.receive("put-and-folder").await, [""; 0], "a repeated notification, and a folder");
    assert_eq!(world.published(), [FileUploaded, FileUploaded], "the same event is published again");

    assert_eq!(world.process("uploaded").await, [""; 0]);
    assert_eq!(world.state().await, Some(FileState::Processed));
    let announced = [FileUploaded, FileUploaded, FileProcessed, TransactionsCreated];
    for case in ["uploaded-twice", "uploaded-last-delivery", "uploaded-replayed", "direct", "direct-shadow"] {
        assert_eq!(world.process(case).await, [""; 0], "{case}");
        assert_eq!(
            (world.rows().await, world.published()),
            (3, announced.to_vec()),
            "{case} changes nothing"
        );
    }

    assert_eq!(world.categorize("processed").await, [""; 0]);
    assert_eq!(world.published().last(), Some(&TransactionsCategorized));
    let count = world.published().len();
    assert_eq!(world.categorize("processed-replayed").await, [""; 0]);
    assert_eq!(world.published().len(), count, "a replay publishes nothing");

    assert_eq!(world.derive("processed-and-categorized").await, [""; 0]);
    let january = world.figures("2026-01").await.expect("figures");
    assert!(january.contains("2500.00") && january.contains("-3.50"), "{january}");
    assert_eq!(world.derive("processed-replayed").await, [""; 0]);
    assert_eq!(world.figures("2026-01").await, Some(january), "figures derived again are the same");

    assert_eq!(world.record("each-type").await, [""; 0]);
    let trail = world.trail().await;
    assert_eq!(trail.len(), 6, "{trail:?}");
    assert_eq!(world.record("replayed").await, [""; 0]);
    assert_eq!(world.trail().await, trail, "each event is in the trail once");

    assert_eq!(world.note("occurred").await, [""; 0]);
    assert_eq!(world.note("occurred-twice").await, [""; 0]);
    let record = world.records.get("acme", &world.file.subject()).await;
    let body = record.expect("memory does not fail").expect("a file").body;
    assert_eq!(body.matches("other processes are updating the same figures").count(), 1, "{body}");

    assert_eq!(world.process("deletion-requested").await, ["m-1"], "its deletion was not requested");
    assert!(world.statements.request_deletion("acme", &world.file).await.expect("memory does not fail"));
    assert_eq!(world.process("deletion-requested").await, [""; 0]);
    assert_eq!(world.published()[count..], [DeletionRequested, FileDeleted]);
    assert_eq!((world.state().await, world.rows().await), (Some(FileState::Deleted), 0));
    assert!(world.inbox.stored().iter().all(|(key, _)| key != KEY), "the object is gone");
    assert_eq!(world.derive_all().await, [""; 0]);
    assert_eq!(world.figures("2026-01").await, None, "nothing is in January any more");
    let months = world.store.inspect(|stored| stored.months.len());
    assert_eq!(months, 0, "no record of the month remains");
    assert_eq!(world.derive("deleted").await, [""; 0], "a repeated event");
    assert_eq!(world.record("deleted").await, [""; 0]);
    assert_eq!(world.record("each-type").await, [""; 0], "late");
    assert_eq!(world.trail().await, ["file.deleted"], "only the deletion itself is recorded");
    for case in ["uploaded", "uploaded-replayed"] {
        assert_eq!(world.process(case).await, [""; 0], "{case}, late");
    }
    assert_eq!(world.rows().await, 0, "deleted rows stay deleted");
}

#[tokio::test]
async fn what_is_no_statement_is_passed_over() {
    let world = World::new().await;
    for case in ["restore-prefix", "restore-tag", "no-statement", "gone", "removed", "test-event"] {
        assert_eq!(world.receive(case).await, [""; 0], "{case}");
        assert_eq!(world.published(), [], "{case}");
    }
    assert!(world.records.inspect(|world| world.records.is_empty()));
}

#[tokio::test]
async fn what_cannot_be_understood_ends_with_the_dead_letters() {
    let world = World::new().await;
    assert_eq!(world.receive("undecodable").await, ["m-1", "m-2"]);
    assert_eq!(world.process("undecodable").await, ["m-1", "m-2"]);
    assert_eq!(world.categorize("undecodable").await, ["m-1"]);
    assert_eq!(world.derive("undecodable").await, ["m-1"]);
    assert_eq!(world.record("undecodable").await, ["m-2"], "only the undecodable message is rejected");
    assert_eq!(world.note("undecodable").await, ["m-1"]);
    assert_eq!(world.published(), []);
}

#[tokio::test]
async fn each_minute_what_was_lost_is_made_good() {
    let world = World::new().await;
    assert_eq!(world.receive("put").await, [""; 0]);
    let sweep = async || {
        statements_sweeper::handle(&world.statements, event("statements-sweeper", "each-minute")).await
    };
    sweep().await.expect("a sweep");
    assert_eq!(world.state().await, Some(FileState::Received), "the file waits");
    let processor = QueuePlace::of(riffle_topology::statements::PROCESS);
    assert_eq!(world.queue.len(processor), 1);
    // The process that deletes it dies before it is done.
    assert!(world.statements.request_deletion("acme", &world.file).await.expect("memory does not fail"));
    world.clock.advance(TimeDelta::minutes(2));
    sweep().await.expect("a sweep");
    assert_eq!(world.state().await, Some(FileState::Deleted));
    assert_eq!(world.published().last(), Some(&EventType::FileDeleted));
}
