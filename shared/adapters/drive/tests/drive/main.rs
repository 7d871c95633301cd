//! The adapter against a double of Google Drive's interface on this machine.

mod contract;
mod errors;
mod listing;
mod reading;
mod tokens;
mod world;
