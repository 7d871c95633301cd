//! What tests of this workspace share: every port in memory, and a world to run handlers in where a seed
//! decides what happens. A dev-dependency only.

pub mod contract;
pub mod memory;
pub mod simulator;
