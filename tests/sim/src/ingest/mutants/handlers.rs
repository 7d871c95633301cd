//! Messages and handlers that lack a guarantee.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use riffle_contracts::{BusEvent, EventData};
use riffle_ingest::{Ingest, MonthSums};
use riffle_ports::{AuditEntry, Failure, Month, Subject};
use riffle_runtime::{Batch, Event};
use riffle_testkit::memory::Received;

use super::Mutant;

/// The message as a function gets it.
pub(crate) fn message(mutant: Option<Mutant>, received: &Received) -> Received {
    let mut received = received.clone();
    match mutant {
        Some(Mutant::LastReceiveSilent) => received.receive_count = 1,
        Some(Mutant::ReplayAnnounces) => {
            if let Ok(event) = serde_json::from_str::<BusEvent>(&received.message.body) {
                let plain = BusEvent { replay_name: None, ..event };
                received.message.body = serde_json::to_string(&plain).expect("events are plain data");
            }
        }
        _ => {}
    }
    received
}

/// An analytics consumer that adds what a file brought to what is there.
pub(crate) async fn count_figures(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let outcome = count(ingest, &item.body.detail).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}

async fn count(ingest: &Ingest, event: &riffle_contracts::Event) -> Result<(), Failure> {
    let EventData::FileProcessed(data) = &event.data else { return ingest.derive_figures(event).await };
    let tenant = &data.tenant;
    for (account, month) in ingest.transactions.months(tenant).await? {
        let within = |period: &&riffle_contracts::AccountPeriod| {
            period.account == account && (Month::of(period.from)..=Month::of(period.to)).contains(&month)
        };
        if !data.accounts.iter().any(|period| within(&period)) {
            continue;
        }
        let stored = ingest.figures.figures(tenant, &account, month).await?;
        let seen = stored.as_ref().map_or(0, |stored| stored.version);
        let mut sums: MonthSums =
            stored.and_then(|stored| serde_json::from_str(&stored.body).ok()).unwrap_or_default();
        for row in ingest.transactions.month(tenant, &account, month, false, None, 1_000).await? {
            if row.file.0 == event.processing_id {
                sums.add(&row)?;
            }
        }
        let body = serde_json::to_string(&sums).expect("figures are plain data");
        if !ingest.figures.put_figures(tenant, &account, month, &body, seen).await? {
            return Err(Failure::Retry("another counts, too".to_owned()));
        }
    }
    Ok(())
}

/// An audit consumer that does not ask whether the file is still there.
pub(crate) async fn append_all(ingest: &Ingest, event: Event<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let told = &item.body.detail;
        let entry = AuditEntry {
            tenant: told.data.tenant().to_owned(),
            subject: Subject::new(riffle_ingest::FLOW, &*told.processing_id),
            event_id: told.event_id.clone(),
            event_type: told.event_type().as_str().to_owned(),
            at: told.timestamp,
            event: serde_json::to_string(told).expect("events are plain data"),
        };
        let outcome = ingest.audit.append(entry).await.map(drop).map_err(Failure::from);
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
