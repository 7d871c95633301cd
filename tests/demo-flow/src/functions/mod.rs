//! Of a real flow each is a crate of its own, `functions/NAME`.

pub mod main_note_counter;
pub mod note_counter;
pub mod note_receiver;
pub mod note_sweeper;
