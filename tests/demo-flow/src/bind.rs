//! The functions of notes, bound to their names as `shared/functions` does.

use riffle_runtime::Registry;

use crate::flow::Notes;
use crate::functions::{note_counter, note_receiver, note_sweeper};
use crate::topology as notes;

// page: bind
/// Binds the functions of notes.
pub fn bind_notes(registry: &mut Registry, flow: &Notes) {
    use notes::{COUNTER, RECEIVER, SWEEPER};
    registry.bind(RECEIVER, flow, |on, event| Box::pin(note_receiver::handle(on, event)));
    registry.bind(COUNTER, flow, |on, event| Box::pin(note_counter::handle(on, event)));
    registry.bind_sweeper(SWEEPER, flow, |on, event| Box::pin(note_sweeper::handle(on, event)));
}
// page: end
