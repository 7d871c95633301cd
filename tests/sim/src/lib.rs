//! Simulations of the flows: the real functions run under every kind of fault, and invariants are checked.
//!
//! Each flow has its world, its invariants and its mutants: [`scan`], [`statements`]. A scenario holds the choices
//! that a seed determines beforehand, a [`ScheduleRun`] is one schedule of it on a `platform` that delivers, invokes
//! and fails, and a [`campaign`] is many of them. Flows in other crates are simulated with the same parts. Mutants are
//! protocols known to be bad, which the simulation must catch.

pub mod campaign;
mod conditions;
pub mod platform;
mod run;
pub mod scan;
pub mod statements;
mod violation;

pub use conditions::{Conditions, DeliveryRates};
pub use run::{ScheduleRun, SimWorld, run};
pub use violation::Violation;
