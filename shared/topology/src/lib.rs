//! Which flows there are, and which functions, triggers and queues each is made of.
//!
//! This is data only: it says what is connected to what, not what a function does, what it may do, or how large it is.
//! Everything that follows from it (the names of dead-letter queues and of outputs, who listens to an
//! event, where a message fails for the last time) is derived here, once. What is not Rust reads
//! `shared/contracts/golden/topology.v1.json`, which [`export`] describes and `scripts/contracts` writes.
//!
//! The list of flows is a parameter of what is derived from it: a test may build a platform with a flow of its own.

mod derive;
pub mod export;
mod flow;
mod flows;

pub use derive::{Consumed, DeadLetterQueue, Redrive, Topology, dead_letters_of, url_output};
pub use flow::{Consumers, Flow, QueueSpec, Stage, Then, Trigger};
pub use flows::*;

/// What is derived from [`FLOWS`].
pub const RIFFLE: Topology = Topology(FLOWS);

/// A message that was received this often and is still there has failed for good, where its queue says nothing else.
pub const MAX_RECEIVES: u32 = 5;

/// Seconds between two runs of a flow's sweeper.
pub const SWEEP_SECONDS: u64 = 60;

/// The source of every event of ours on the bus.
pub const EVENT_SOURCE: &str = "riffle";
