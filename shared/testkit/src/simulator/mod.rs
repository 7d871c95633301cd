//! A deterministic simulator in which nothing happens by itself.
//!
//! Handlers run as futures on one thread. Every port call goes through a decorator ([`Faulty`]) that first yields, so
//! that a seeded scheduler chooses the task that continues, and then asks the [`FaultPlan`] whether and how the call
//! fails. Time is a number that tests advance. The same seed therefore yields the same run, byte for byte, which the
//! hash of [`Trace`] proves.
//!
//! This module knows ports and futures, but no flow: scenarios, deliveries and invariants are in `tests/sim`.

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
pub use faults::{Effect, Fault, FaultPlan, FaultPoint, Rates};
pub use faulty::Faulty;
pub use faulty_records::{FaultyRecords, NameReplacement};
pub use rng::Rng;
pub use sometimes::Sometimes;
pub use trace::{Trace, fingerprint};
