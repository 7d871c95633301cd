//! The contract suite for event buses, seen from the consumers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use riffle_contracts::{
    AccountPeriod, BusEvent, DeletionRequested, ErrorOccurred, Event, EventData, EventType, FileDeleted,
    FileProcessed, FileUploaded, FlowOf, TransactionsCategorized, TransactionsCreated, UploadedObject,
};
use riffle_ports::{EventPublisher, Ids, Outgoing, Subject};
use riffle_topology::{Consumed, RIFFLE, statements};

use super::{at, ok};

/// The consumers' side of a bus. Its methods panic on errors.
#[async_trait]
pub trait BusHarness: Send + Sync {
    fn publisher(&self) -> &dyn EventPublisher;

    /// Takes the messages in `queue` and returns their bodies. Empty once nothing more arrives (a real queue is polled
    /// long enough to be sure).
    async fn take(&self, queue: &str) -> Vec<String>;
}

/// Checks everything that [`EventPublisher`] promises and consumers rely on. No event may be under way at the start,
/// and none is at the end.
///
/// # Panics
/// If a promise is broken.
pub async fn event_bus(harness: &dyn BusHarness, ids: &dyn Ids) {
    ok(harness.publisher().publish(&[]).await, "publish nothing");
    let each: Vec<Event> = every_kind().into_iter().map(|data| event(ids, data)).collect();
    assert_delivered(harness, &each, "an event of each type").await;
    // More events than one request to a bus holds.
    let many: Vec<Event> = (0..37).map(|_| event(ids, requested())).collect();
    assert_delivered(harness, &many, "37 events in one call").await;
    // Each event has the maximum size, so together they are more than one request holds, too.
    let large: Vec<Event> = (0..3).map(|_| largest(ids)).collect();
    assert_delivered(harness, &large, "three large events").await;
    let one = event(ids, requested());
    let before = outgoing(&one);
    for _ in 0..2 {
        let refused = ok(harness.publisher().publish(std::slice::from_ref(&before)).await, "publish");
        assert!(refused.is_empty(), "an idle bus accepts every event");
    }
    for Consumed { queue, .. } in RIFFLE.replay_targets() {
        for body in harness.take(queue.name).await {
            assert_eq!(
                decoded(&body).detail,
                one,
                "an event that is published twice keeps its id and content"
            );
        }
    }
    // An event of the same name in another flow does not reach the consumers of this flow.
    let mut other = outgoing(&event(ids, requested()));
    other.detail = other.detail.replace(&format!("{:?}", statements::NAME), "\"another\"");
    let refused = ok(harness.publisher().publish(&[other]).await, "publish");
    assert!(refused.is_empty(), "an idle bus accepts every event");
    for Consumed { queue, .. } in RIFFLE.replay_targets() {
        assert_eq!(
            harness.take(queue.name).await,
            [""; 0],
            "{} receives no events of another flow",
            queue.name
        );
    }
}

fn requested() -> EventData {
    EventData::DeletionRequested(DeletionRequested { tenant: "contract".to_owned() })
}

fn every_kind() -> Vec<EventData> {
    let tenant = "tenant Ä \"odd\" 漢字 🦀".to_owned();
    let day = at(0).date_naive();
    let accounts = vec![AccountPeriod { account: "DE02".to_owned(), from: day, to: day }];
    let object = UploadedObject {
        bucket: "uploads".to_owned(),
        key: "statements/t/a b+c".to_owned(),
        version: None,
        etag: "e".to_owned(),
    };
    let kinds = vec![
        EventData::FileUploaded(FileUploaded {
            tenant: tenant.clone(),
            object: Some(object),
            size: 5_000_000_000,
        }),
        EventData::FileProcessed(FileProcessed {
            tenant: tenant.clone(),
            parts: 2,
            rows: 7_000,
            new: 6_000,
            duplicates: 1_000,
            warnings: 3,
            review: true,
            accounts: accounts.clone(),
        }),
        EventData::TransactionsCreated(TransactionsCreated { tenant: tenant.clone(), parts: 2, new: 6_000 }),
        EventData::TransactionsCategorized(TransactionsCategorized {
            tenant: tenant.clone(),
            accounts: accounts.clone(),
        }),
        EventData::DeletionRequested(DeletionRequested { tenant: tenant.clone() }),
        EventData::FileDeleted(FileDeleted { tenant: tenant.clone(), accounts }),
        EventData::ErrorOccurred(ErrorOccurred {
            tenant,
            stage: "analytics-consumer".to_owned(),
            event_id: "1".to_owned(),
            reason: "Ä".to_owned(),
        }),
    ];
    let missing =
        EventType::ALL.iter().copied().find(|kind| !kinds.iter().any(|data| data.event_type() == *kind));
    assert_eq!(missing, None, "the suite publishes an event of each type");
    kinds
}

fn event(ids: &dyn Ids, data: EventData) -> Event {
    Event {
        event_id: ids.fresh(),
        version: riffle_contracts::EVENT_VERSION,
        flow: FlowOf::default(),
        timestamp: at(5),
        processing_id: ids.fresh(),
        correlation_id: ids.fresh(),
        data,
    }
}

/// Returns an event whose detail has exactly the maximum size that a bus must accept.
fn largest(ids: &dyn Ids) -> Event {
    let of = |reason: String| {
        let tenant = "contract".to_owned();
        EventData::ErrorOccurred(ErrorOccurred {
            tenant,
            stage: String::new(),
            event_id: String::new(),
            reason,
        })
    };
    let small = event(ids, of(String::new()));
    let room = Outgoing::MAX_DETAIL - outgoing(&small).detail.len();
    Event { data: of("x".repeat(room)), ..small }
}

fn outgoing(event: &Event) -> Outgoing {
    Outgoing {
        event_id: event.event_id.clone(),
        event_type: event.event_type().as_str().to_owned(),
        tenant: event.data.tenant().to_owned(),
        subject: Subject::new("statements", &*event.processing_id),
        at: event.timestamp,
        detail: serde_json::to_string(event).expect("an event is JSON"),
    }
}

#[track_caller]
fn decoded(body: &str) -> BusEvent {
    match serde_json::from_str(body) {
        Ok(event) => event,
        Err(error) => panic!("the delivered message is not an event of the bus: {error}: {body:.200}"),
    }
}

/// Publishes `events` and checks that each reaches the consumers that listen to its kind, and no others.
async fn assert_delivered(harness: &dyn BusHarness, events: &[Event], what: &str) {
    let published: Vec<Outgoing> = events.iter().map(outgoing).collect();
    let refused = ok(harness.publisher().publish(&published).await, "publish");
    assert!(refused.is_empty(), "{what}: an idle bus accepts every event, but refused {refused:?}");
    let by_id: BTreeMap<&str, &Event> = events.iter().map(|event| (event.event_id.as_str(), event)).collect();
    for consumer in RIFFLE.replay_targets() {
        let (function, queue) = (consumer.function, consumer.queue.name);
        let listens = |kind: EventType| consumer.listens_to(statements::NAME, kind.as_str());
        let mut came = BTreeSet::new();
        for body in harness.take(queue).await {
            let delivered = decoded(&body);
            let kind = delivered.detail.event_type();
            assert!(listens(kind), "{what}: {function} received {kind:?}, to which it does not subscribe");
            assert_eq!(
                delivered.source,
                riffle_contracts::EVENT_SOURCE,
                "{what}: the source of an event is Riffle"
            );
            assert_eq!(delivered.detail_type, kind.as_str(), "{what}: the detail type is the event's type");
            assert_eq!(delivered.replay_name, None, "{what}: a published event is not marked as a replay");
            let original = by_id.get(delivered.detail.event_id.as_str());
            // Compared outside the assertion's message: printing a quarter of a megabyte would not help.
            assert!(
                original == Some(&&delivered.detail),
                "{what}: the delivered event differs from the published one"
            );
            came.insert(delivered.detail.event_id);
        }
        for event in events {
            let kind = event.event_type();
            assert!(
                !listens(kind) || came.contains(&event.event_id),
                "{what}: {kind:?} was not delivered to {function}"
            );
        }
    }
}
