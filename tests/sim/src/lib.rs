//! Simulated flows: the real functions, everything that can go wrong, and what must hold all the same.
//!
//! What is here is of the scan and its eleven invariants; [`ingest`] has its own. A [`Scenario`] is what a seed decides
//! beforehand, [`run`] one schedule of it, [`campaign`] many of them. [`Mutant`]s are protocols known to be bad, which
//! must be caught.

pub mod campaign;
mod client;
mod functions;
mod google;
pub mod ingest;
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
