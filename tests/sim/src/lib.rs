//! Simulated scans: the real functions, everything that can go wrong, and the eleven invariants.
//!
//! A [`Scenario`] is what a seed decides beforehand, [`run`] one schedule of it, [`campaign`] many of them.
//! [`Mutant`]s are protocols known to be bad, which must be caught.

pub mod campaign;
mod client;
mod functions;
mod google;
mod invariants;
mod mutants;
mod people;
mod pump;
mod rows;
mod run;
mod scenario;
mod search;
mod stores;
mod watch;
mod world;

pub use invariants::Violation;
pub use mutants::Mutant;
pub use run::{Run, run};
pub use scenario::Scenario;
