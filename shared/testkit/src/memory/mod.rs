//! Every port, in memory: what the contract suites and the simulator run on.
//!
//! These are whole implementations and not stubs: the queue redelivers, counts receives, honours visibility
//! and dead-letters; the ledger refuses what [`riffle_ports::Session::apply`] refuses.
//! Their futures are ready at once, so that whatever schedules them decides alone what happens when. What only a test may do
//! (lose a message, look into the books, cut a connection) is an inherent method, never part of a port.

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
pub use ledger::{Books, Change, MemoryLedger, name_of};
pub use notifier::{MAX_FRAME_BYTES, MemoryNotifier, Pushed};
pub use objects::MemoryObjects;
pub use place::Place;
pub use queue::{MemoryQueue, Received};
pub use records::{MemoryRecords, RecordBooks, RecordKey, RecordNote, Waiting};
pub use statements::{FileKey, MemoryStatements, Noted, Row, RowKey, StatementBooks};
pub use tickets::MemoryTickets;
pub use tokens::MemoryTokens;
pub use uploads::NoUploads;
pub use usage::MemoryUsage;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex` also after a panic elsewhere: a test that fails while holding it is reported by that panic,
/// not by a second one here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
