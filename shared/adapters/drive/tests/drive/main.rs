//! The adapter against Google Drive's interface on this machine.

mod contract;
mod listing;
mod reading;
mod tokens;
mod trouble;
mod world;
