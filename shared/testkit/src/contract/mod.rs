//! One contract suite per port: the behaviour that every adapter must have, in memory, on one machine and on AWS.
//!
//! A suite is a plain async function that panics with a description of what is wrong. It checks only what the port's
//! documentation promises, generates its own names through [`riffle_ports::Ids`] (so that it can run repeatedly against
//! persistent storage), and spawns nothing: concurrency means many calls in progress at once, so any executor works. If
//! a port has a side that its trait does not show (the consumers of a queue, the clients of a notifier, the files in a
//! place), the adapter provides a harness for it.

mod audit_trail;
mod connections;
mod dead_letters;
mod event_bus;
mod figure_store;
mod file_source;
mod forgotten_months;
mod inbox;
mod ledger_list;
mod ledger_sessions;
mod ledger_sets;
#[cfg(test)]
mod non_atomic;
mod object_store;
#[cfg(test)]
mod over_memory;
#[cfg(test)]
mod over_memory_statements;
mod record_changes;
mod record_lists;
mod record_store;
mod session_walk;
mod ticket_store;
mod token_vault;
mod transaction_lists;
mod transaction_store;
mod upload_storage;
mod usage_counters;
mod work_queue;
mod world;

pub use audit_trail::audit_trail;
pub use connections::{ClientHarness, client_notifier, connection_registry};
pub use dead_letters::{DeadLetterHarness, dead_letters};
pub use event_bus::{BusHarness, event_bus};
pub use figure_store::figure_store;
pub use file_source::{PlaceHarness, file_source};
pub use forgotten_months::forgotten_months;
pub use inbox::{InboxHarness, inbox};
pub use object_store::object_store;
pub use ticket_store::ticket_store;
pub use token_vault::token_vault;
pub use upload_storage::{SenderHarness, upload_storage};
pub use usage_counters::usage_counters;
pub use work_queue::{ConsumedMessage, QueueHarness, work_queue};
pub use world::{clock, ids};

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Ids, PortError, RecordStore, ScanLedger, Session, SessionId, TransactionStore};

/// Checks everything that [`ScanLedger`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn scan_ledger(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    ledger_sessions::creation(ledger, ids).await;
    ledger_sessions::absence(ledger, ids).await;
    ledger_sessions::content(ledger, ids).await;
    ledger_sessions::open_list(ledger, ids).await;
    ledger_sessions::one_wins(ledger, ids).await;
    ledger_list::pages(ledger, ids).await;
    ledger_list::changes(ledger, ids).await;
    ledger_list::deletion(ledger, ids).await;
    ledger_sessions::progress(ledger, ids).await;
    session_walk::every_transition(ledger, ids).await;
    ledger_sets::results(ledger, ids).await;
    ledger_sets::several_results(ledger, ids).await;
    ledger_sets::one_result(ledger, ids).await;
    ledger_sets::done(ledger, ids).await;
    ledger_sets::done_by_many(ledger, ids).await;
    ledger_sets::attempts(ledger, ids).await;
    ledger_sets::erase(ledger, ids).await;
}

/// Checks everything that [`RecordStore`] promises, and the behaviour of [`riffle_ports::change`] on it.
///
/// # Panics
/// If a promise is broken.
pub async fn record_store(store: &dyn RecordStore, ids: &dyn Ids) {
    record_store::creation(store, ids).await;
    record_store::absence(store, ids).await;
    record_store::content(store, ids).await;
    record_store::replacement(store, ids).await;
    record_store::outbox(store, ids).await;
    record_store::one_wins(store, ids).await;
    record_lists::pages(store, ids).await;
    record_lists::membership(store, ids).await;
    record_lists::open(store, ids).await;
    record_lists::old_outbox(store, ids).await;
    record_store::walks(store, ids).await;
    record_changes::rules(store, ids).await;
    record_changes::rivals(store, ids).await;
    record_changes::lost_answers(store, ids).await;
}

/// Checks everything that [`TransactionStore`] promises. `records` must be the store in which it looks up who holds a
/// file.
///
/// # Panics
/// If a promise is broken.
pub async fn transaction_store(records: &dyn RecordStore, store: &dyn TransactionStore, ids: &dyn Ids) {
    let tenant = format!("tenant {}", ids.fresh());
    let place = transaction_store::StatementStores { records, store, ids, tenant };
    transaction_store::content(&place).await;
    transaction_store::batches(&place).await;
    transaction_store::first_wins(&place).await;
    transaction_store::guard(&place).await;
    transaction_store::withdrawal(&place).await;
    transaction_store::removal(&place).await;
    transaction_store::categories(&place).await;
    transaction_lists::month(&place).await;
    transaction_lists::months(&place).await;
}

/// Returns the value of a successful call, or panics naming the failed call.
#[track_caller]
fn ok<T, E: Debug>(outcome: Result<T, E>, call: &str) -> T {
    match outcome {
        Ok(value) => value,
        Err(error) => panic!("{call} failed: {error:?}"),
    }
}

#[track_caller]
fn assert_broken<T: Debug>(outcome: &Result<T, PortError>, call: &str) {
    assert!(
        matches!(outcome, Err(PortError::Broken(_))),
        "{call} must fail with PortError::Broken, but returned {outcome:?}"
    );
}

/// Returns a moment this many milliseconds, and a few nanoseconds, after a fixed one: adapters must keep all digits.
fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(milliseconds)
        // Multiples of a second have no fraction, to detect adapters that compare times as text.
        + TimeDelta::nanoseconds(if milliseconds % 1_000 == 0 { 0 } else { 7 })
}

fn new_session(ids: &dyn Ids) -> Session {
    Session::new(
        SessionId(ids.fresh()),
        "contract".to_owned(),
        r#"{"codes":["Ünïcode \"quoted\" 漢字 \\ 🦀"]}"#.to_owned(),
        at(1),
        at(3_600_000),
    )
}

fn set(numbers: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
    numbers.into_iter().collect()
}
