//! One file for each function, named after it.

pub mod note_counter;
pub mod note_receiver;
pub mod note_sweeper;
