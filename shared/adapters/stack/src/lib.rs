//! A deployed stack as its operator sees it: its outputs, the state of its resources, and its dead letters.
//!
//! Everything except the dead letters is read-only. This crate does not judge what it reads, and no function of the
//! platform uses it.

mod failure;
mod inspect;
mod move_task;
mod outputs;
mod stack;

pub use failure::CallError;
pub use inspect::{KeyFacts, QueueFacts, TableFacts, TopicFacts};
pub use move_task::Moved;
pub use outputs::{Outputs, OutputsError};
pub use riffle_aws_adapters::DeadLetterPlace;
pub use stack::Stack;
