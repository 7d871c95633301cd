//! Guarantees of the local bus only: an archive that can be replayed, and from which events can be erased.

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{BusEvent, DeletionRequested, Event, EventData, FileDeleted, FlowOf};
use riffle_local_adapters::Replay;
use riffle_ports::{AuditTrail, EventPublisher, Outgoing, Subject};
use riffle_topology::statements::{ANALYTICS, AUDIT, AUDITOR};
use riffle_topology::{Consumed, RIFFLE};

use crate::Outcome;
use crate::contract_statements::World;

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
        flow: FlowOf::default(),
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

fn consumed(function: &str) -> Consumed {
    RIFFLE.consumed_by(function).expect("the function consumes a queue")
}

fn replay(function: &str, from: i64, to: i64, types: &[&str]) -> Replay {
    let types = types.iter().map(|kind| (*kind).to_owned()).collect();
    Replay { name: "again".to_owned(), consumer: consumed(function), from: at(from), to: at(to), types }
}

impl World {
    async fn forget_what_came(&self) {
        for Consumed { queue, .. } in RIFFLE.replay_targets() {
            self.all(queue.name).await;
        }
    }

    async fn replayed(&self, function: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for target in RIFFLE.replay_targets() {
            let came = self.all(target.queue.name).await;
            assert!(came.is_empty() || target.function == function, "only {function} receives the replay");
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
    // An event published twice is archived once.
    bus.publish(&all[..10]).await?;
    world.forget_what_came().await;

    let count = bus.replay(&replay(AUDITOR, 5, 2_400, &[])).await?;
    let came = world.replayed(AUDITOR).await;
    let expected: Vec<String> = (5..2_400).map(|number| format!("{number:08}")).collect();
    assert_eq!(
        (count, came),
        (2_395, expected),
        "a replay includes its start and excludes its end, oldest first"
    );

    // A consumer receives only event types it listens to.
    let count = bus.replay(&replay(ANALYTICS, 0, 10, &[])).await?;
    assert_eq!((count, world.replayed(ANALYTICS).await.len()), (5, 5));
    let types = ["deletion.requested"];
    assert_eq!(bus.replay(&replay(ANALYTICS, 0, 10, &types)).await?, 0);
    assert_eq!(bus.replay(&replay(AUDITOR, 0, 10, &types)).await?, 5);
    world.forget_what_came().await;

    // Reading the archive sends nothing.
    let (mut after, mut seen) = (None, 0);
    loop {
        let (bodies, next) = bus.archived(&replay(AUDITOR, 0, 5_000, &[]), after).await?;
        seen += bodies.len();
        if next.is_none() {
            break;
        }
        after = next;
    }
    assert_eq!(seen, 2_500);
    assert!(world.replayed(AUDITOR).await.is_empty());
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
    bus.replay(&replay(AUDITOR, 0, 10, &[])).await?;
    assert_eq!(world.replayed(AUDITOR).await, ["00000002", "00000003"]);
    Ok(())
}

#[tokio::test]
async fn what_is_no_json_is_refused_and_the_rest_is_told() -> Outcome {
    let world = World::new()?;
    let broken = Outgoing { detail: "no JSON".to_owned(), ..requested(1) };
    let large = Outgoing { detail: format!("\"{}\"", "x".repeat(Outgoing::MAX_DETAIL)), ..requested(2) };
    let refused = world.state.store.bus().publish(&[requested(0), broken, large, requested(3)]).await?;
    assert_eq!(refused, [1, 2]);
    assert_eq!(world.all(AUDIT).await.len(), 2);
    Ok(())
}
