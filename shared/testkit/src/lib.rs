//! Test support shared by the crates of this workspace: every port implemented in memory, contract suites for the
//! ports, and a simulator that runs the handlers and takes every choice from a seed. A dev-dependency only.

pub mod contract;
pub mod memory;
pub mod simulator;
