//! A deployed stack, seen by who operates it: what its outputs name, how each thing in it is, and its dead letters.
//!
//! Everything but its dead letters is only looked at. Nothing here judges what it sees, and no function of the platform uses
//! this crate.

mod failure;
mod inspect;
mod move_task;
mod outputs;
mod stack;

pub use failure::Failed;
pub use inspect::{KeyFacts, QueueFacts, TableFacts, TopicFacts};
pub use move_task::Moved;
pub use outputs::{Outputs, OutputsError};
pub use riffle_aws_adapters::DeadLetterPlace;
pub use stack::Stack;
