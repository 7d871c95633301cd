//! A deployed stack, seen by who operates it: what its outputs name, how each thing in it is, and its dead letters.
//!
//! Everything but [`DeadLetters`] only looks. Nothing here judges what it sees, and no function of the platform uses
//! this crate.

mod dead_letters;
mod failure;
mod look;
mod outputs;
mod stack;

pub use dead_letters::{DeadLetter, DeadLetters, Moved};
pub use failure::Failed;
pub use look::{KeyFacts, QueueFacts, TableFacts, TopicFacts};
pub use outputs::{Outputs, OutputsError};
pub use stack::Stack;
