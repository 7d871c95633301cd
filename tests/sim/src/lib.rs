//! Simulated flows: the real functions, everything that can go wrong, and what must hold all the same.
//!
//! Each flow has its world, its invariants and its mutants: [`scan`], [`statements`]. A `Scenario` is what a seed decides
//! beforehand, a [`Run`] one schedule of it, on a `platform` that delivers, invokes and fails; a [`campaign`] is many of
//! them. The flows of other crates are simulated with the same. Mutants are protocols known to be bad, which must be caught.

pub mod campaign;
mod conditions;
pub mod platform;
mod run;
pub mod scan;
pub mod statements;
mod violation;

pub use conditions::{Conditions, Delivery};
pub use run::{Run, World, run};
pub use violation::Violation;
