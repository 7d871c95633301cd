//! The flows of the platform, and the functions, triggers and queues of each.
//!
//! This crate is data only: it describes connections, not what a function does, its permissions or its size. Everything
//! that follows from the data (the names of dead-letter queues and of stack outputs, the consumers of an event, the
//! queue at which a message fails for the last time) is derived here, once. Programs in other languages read
//! `shared/contracts/golden/topology.v1.json`, which [`export`] describes and `scripts/contracts` writes.
//!
//! The derivations take the list of flows as a parameter, so that a test may build a platform with its own flow.

mod derive;
pub mod export;
mod flow;
mod flows;

pub use derive::{Consumed, DeadLetterQueue, RedrivePolicy, Topology, dead_letters_of, url_output};
pub use flow::{Consumers, Flow, QueueSpec, Stage, Then, Trigger};
pub use flows::*;

/// The topology of [`FLOWS`].
pub const RIFFLE: Topology = Topology(FLOWS);

/// The default limit of receives: a message that was received this often without being deleted has failed permanently.
pub const MAX_RECEIVES: u32 = 5;

/// Seconds between two runs of a flow's sweeper.
pub const SWEEP_SECONDS: u64 = 60;

/// The `source` field of every event that Riffle puts on the bus.
pub const EVENT_SOURCE: &str = "riffle";
