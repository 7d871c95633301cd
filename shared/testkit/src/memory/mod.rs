//! Every port in memory, for the contract suites and the simulator.
//!
//! These are full implementations, not stubs: the queue redelivers, counts receives, respects visibility timeouts and
//! moves messages to the dead letters; the ledger refuses what [`riffle_ports::Session::apply`] refuses. Their futures
//! are ready at once, so that the scheduler alone decides the order of events. Actions that only a test may take
//! (losing a message, reading the data, closing a connection) are inherent methods, never part of a port.

mod audit;
mod bus;
mod clock;
mod connections;
mod figures;
mod files;
mod inbox;
mod ledger;
mod notifier;
mod objects;
mod place;
mod queue;
mod records;
mod statements;
mod tickets;
mod tokens;
mod transactions;
mod uploads;
mod usage;

pub use bus::MemoryBus;
pub use clock::{ManualClock, SeededIds};
pub use connections::MemoryConnections;
pub use files::MemoryFiles;
pub use inbox::{MemoryInbox, NewObject};
pub(crate) use ledger::call_of;
pub use ledger::{LedgerChange, LedgerData, MemoryLedger, name_of};
pub use notifier::{MemoryNotifier, Pushed};
pub use objects::MemoryObjects;
pub use place::QueuePlace;
pub use queue::{MemoryMessage, MemoryQueue};
pub use records::{MemoryRecords, OutboxEvent, RecordKey, RecordsChange, RecordsData};
pub use statements::{
    FileKey, MemoryStatements, RowKey, StatementsChange, StatementsData, StoredTransaction,
};
pub use tickets::MemoryTickets;
pub use tokens::MemoryTokens;
pub use uploads::NoUploads;
pub use usage::MemoryUsage;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, even if it is poisoned: the panic of the test that held it is reported already and must not cause a
/// second one here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
