//! Messages and handlers without one of their guarantees.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use chrono::DateTime;
use riffle_contracts::{BusEvent, EventData};
use riffle_ports::{AuditEntry, Booked, Failure, FileId, Month, Subject};
use riffle_runtime::{Batch, FunctionEvent};
use riffle_statements::{Figures, Statements};
use riffle_testkit::memory::MemoryMessage;

use super::StatementsMutant;

/// Returns the message as a function receives it.
pub(crate) fn message(mutant: Option<StatementsMutant>, received: &MemoryMessage) -> MemoryMessage {
    let mut received = received.clone();
    match mutant {
        Some(StatementsMutant::LastReceiveSilent) => received.receive_count = 1,
        Some(StatementsMutant::ReplayAnnounces) => {
            if let Ok(event) = serde_json::from_str::<BusEvent>(&received.message.body) {
                let plain = BusEvent { replay_name: None, ..event };
                received.message.body = serde_json::to_string(&plain).expect("events are plain data");
            }
        }
        _ => {}
    }
    received
}

/// An analytics consumer that adds a file's rows to the stored figures.
pub(crate) async fn count_figures(
    statements: &Statements,
    event: FunctionEvent<SqsEvent>,
) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let outcome = count(statements, &item.body.detail).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}

async fn count(statements: &Statements, event: &riffle_contracts::Event) -> Result<(), Failure> {
    let EventData::FileProcessed(data) = &event.data else {
        return statements.derive_figures(event, None).await;
    };
    let tenant = &data.tenant;
    for (account, month) in statements.transactions.months(tenant).await? {
        let file = statements.file(tenant, &FileId(event.processing_id.clone())).await?;
        let periods = file.map(|file| file.findings.periods()).unwrap_or_default();
        let within = |period: &&riffle_contracts::AccountPeriod| {
            period.account == account && (Month::of(period.from)..=Month::of(period.to)).contains(&month)
        };
        if !periods.iter().any(|period| within(&period)) {
            continue;
        }
        let stored = statements.figures.figures(tenant, &account, month).await?;
        let seen = stored.as_ref().map_or(0, |stored| stored.version);
        let figures = stored.and_then(|stored| Figures::read(&stored.body).ok());
        let mut sums = figures.map(|figures| figures.sums).unwrap_or_default();
        for row in statements.transactions.month(tenant, &account, month, false, None, 1_000).await? {
            if row.file.0 == event.processing_id {
                let category = row.category.map(|category| category.name);
                sums.add(Booked { amount: row.amount, currency: row.currency, category })?;
            }
        }
        let body = Figures { derived_at: DateTime::UNIX_EPOCH, sums }.write();
        if !statements.figures.put_figures(tenant, &account, month, &body, seen).await? {
            return Err(Failure::Retry("another counts, too".to_owned()));
        }
    }
    Ok(())
}

/// An analytics consumer that uses an event's time instead of its message's.
pub(crate) async fn derive_by_event_time(
    statements: &Statements,
    event: FunctionEvent<SqsEvent>,
) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let event = item.body.detail;
        let outcome = statements.derive_figures(&event, Some(event.timestamp)).await;
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}

/// An audit consumer that does not check whether the file still exists.
pub(crate) async fn append_all(statements: &Statements, event: FunctionEvent<SqsEvent>) -> SqsBatchResponse {
    let mut batch = Batch::<BusEvent>::decode(event.payload);
    for item in batch.take() {
        let source_event = &item.body.detail;
        let entry = AuditEntry {
            tenant: source_event.data.tenant().to_owned(),
            subject: Subject::new(riffle_statements::FLOW, &*source_event.processing_id),
            event_id: source_event.event_id.clone(),
            event_type: source_event.event_type().as_str().to_owned(),
            at: source_event.timestamp,
            event: serde_json::to_string(source_event).expect("events are plain data"),
        };
        let outcome = statements.audit.append(entry).await.map(drop).map_err(Failure::from);
        batch.settle(&item.message_id, outcome);
    }
    batch.answer()
}
