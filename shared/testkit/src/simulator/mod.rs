//! A world in which nothing happens by itself.
//!
//! Handlers run as futures on one thread. Every port call goes through a decorator ([`Faulty`]) that first
//! hands control back, so that a seeded scheduler chooses which task goes on, and then asks the [`Plan`]
//! whether the call fails and how. Time is a number. Thus a seed is a run: the same seed yields the same run,
//! byte for byte, which [`Trace`] proves by its hash.
//!
//! What lives here knows ports and futures, but no flow: scenarios, deliveries and invariants are in
//! `tests/sim`.

mod control;
mod executor;
mod faults;
mod faulty;
mod faulty_records;
mod faulty_statements;
mod rng;
mod sometimes;
mod trace;

pub use control::{Control, TaskId};
pub use executor::{Executor, Polled};
pub use faults::{Effect, Fault, Plan, Point, Rates};
pub use faulty::Faulty;
pub use faulty_records::{FaultyRecords, NameReplacement};
pub use rng::Rng;
pub use sometimes::Sometimes;
pub use trace::{Trace, fingerprint};
