//! What only the local bus promises: an archive that can be told again, and that forgets.

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{BusEvent, Consumer, DeletionRequested, Event, EventData, EventType, FileDeleted};
use riffle_local_adapters::{QueueName, Replay};
use riffle_ports::{AuditTrail, EventPublisher, Outgoing, Subject};

use crate::Outcome;
use crate::contract_ingest::World;

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn at(minute: i64) -> DateTime<Utc> {
    start() + TimeDelta::minutes(minute)
}

fn outgoing(number: i64, data: EventData) -> Outgoing {
    let event = Event {
        event_id: format!("{number:08}"),
        version: riffle_contracts::EVENT_VERSION,
        timestamp: at(number),
        processing_id: format!("file {number}"),
        correlation_id: String::new(),
        data,
    };
    Outgoing {
        event_id: event.event_id.clone(),
        event_type: event.event_type().as_str().to_owned(),
        tenant: "t".to_owned(),
        subject: Subject::new("statements", &*event.processing_id),
        at: event.timestamp,
        detail: serde_json::to_string(&event).expect("JSON"),
    }
}

fn requested(number: i64) -> Outgoing {
    outgoing(number, EventData::DeletionRequested(DeletionRequested { tenant: "t".to_owned() }))
}

fn deleted(number: i64) -> Outgoing {
    outgoing(number, EventData::FileDeleted(FileDeleted { tenant: "t".to_owned(), accounts: Vec::new() }))
}

fn replay(consumer: Consumer, from: i64, to: i64, types: &[EventType]) -> Replay {
    Replay { name: "again".to_owned(), consumer, from: at(from), to: at(to), types: types.to_vec() }
}

impl World {
    async fn forget_what_came(&self) {
        for queue in QueueName::INGEST {
            self.all(queue).await;
        }
    }

    async fn replayed(&self, consumer: Consumer) -> Vec<String> {
        let mut ids = Vec::new();
        for queue in QueueName::INGEST {
            let came = self.all(queue).await;
            assert!(came.is_empty() || queue == consumer.into(), "only {consumer:?} is told again");
            for received in came {
                let event: BusEvent = serde_json::from_str(&received.body).expect("an event of the bus");
                assert_eq!(event.replay_name.as_deref(), Some("again"));
                ids.push(event.detail.event_id);
            }
        }
        ids
    }
}

#[tokio::test]
async fn the_past_is_told_again_to_one_consumer() -> Outcome {
    let world = World::new()?;
    let bus = world.state.store.bus();
    let all: Vec<Outgoing> = (0..2_500).map(|n| if n % 2 == 0 { requested(n) } else { deleted(n) }).collect();
    assert!(bus.publish(&all).await?.is_empty());
    // Told twice, it is archived once.
    bus.publish(&all[..10]).await?;
    world.forget_what_came().await;

    let count = bus.replay(&replay(Consumer::Audit, 5, 2_400, &[])).await?;
    let came = world.replayed(Consumer::Audit).await;
    let expected: Vec<String> = (5..2_400).map(|number| format!("{number:08}")).collect();
    assert_eq!((count, came), (2_395, expected), "from is in, to is not; oldest first");

    // What a consumer does not listen to is not told to it.
    let count = bus.replay(&replay(Consumer::Analytics, 0, 10, &[])).await?;
    assert_eq!((count, world.replayed(Consumer::Analytics).await.len()), (5, 5));
    let types = [EventType::DeletionRequested];
    assert_eq!(bus.replay(&replay(Consumer::Analytics, 0, 10, &types)).await?, 0);
    assert_eq!(bus.replay(&replay(Consumer::Audit, 0, 10, &types)).await?, 5);
    world.forget_what_came().await;

    // Looked at, nothing is sent.
    let (mut after, mut seen) = (None, 0);
    loop {
        let (bodies, next) = bus.archived(&replay(Consumer::Audit, 0, 5_000, &[]), after).await?;
        seen += bodies.len();
        if next.is_none() {
            break;
        }
        after = next;
    }
    assert_eq!(seen, 2_500);
    assert!(world.replayed(Consumer::Audit).await.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_forgotten_file_is_gone_from_the_archive_too() -> Outcome {
    let world = World::new()?;
    let bus = world.state.store.bus();
    let subject = |id: &str| Subject::new("statements", id);
    let (gone, kept) = (requested(1), Outgoing { subject: subject("file 1"), ..deleted(2) });
    bus.publish(&[gone, kept.clone(), requested(3)]).await?;
    world.forget_what_came().await;
    let audit = world.state.store.audit();
    audit.forget("t", &subject("file 1"), std::slice::from_ref(&kept.event_id)).await?;
    audit.forget("other", &subject("file 3"), &[]).await?;
    audit.forget("t", &Subject::new("workbook", "file 3"), &[]).await?;
    bus.replay(&replay(Consumer::Audit, 0, 10, &[])).await?;
    assert_eq!(world.replayed(Consumer::Audit).await, ["00000002", "00000003"]);
    Ok(())
}

#[tokio::test]
async fn what_is_no_json_is_refused_and_the_rest_is_told() -> Outcome {
    let world = World::new()?;
    let broken = Outgoing { detail: "no JSON".to_owned(), ..requested(1) };
    let large = Outgoing { detail: format!("\"{}\"", "x".repeat(Outgoing::MAX_DETAIL)), ..requested(2) };
    let refused = world.state.store.bus().publish(&[requested(0), broken, large, requested(3)]).await?;
    assert_eq!(refused, [1, 2]);
    assert_eq!(world.all(QueueName::Audit).await.len(), 2);
    Ok(())
}
