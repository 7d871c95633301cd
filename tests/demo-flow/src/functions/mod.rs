//! In a real flow each of these modules is a crate, `functions/NAME`.

pub mod main_note_counter;
pub mod note_counter;
pub mod note_receiver;
pub mod note_sweeper;
