//! What every function needs around its flow: the event it is handed, the batch loop, the envelopes in which
//! queues and gateways wrap what they carry, the names functions are called by, dead letters, the texts kept among
//! objects, and time and chance.

mod batch;
mod dead_letters;
mod envelope;
mod object_texts;
mod record_letters;
mod registry;
mod system;

pub use batch::{Batch, Item, receive_count};
pub use dead_letters::{Letter, Letters};
pub use envelope::{authorizer_event, queue_event, socket_event, status, tick_event};
pub use object_texts::ObjectTexts;
pub use record_letters::{RecordLetters, about_letter, told_of_letter};
pub use registry::{Answering, Registry};
pub use riffle_ports::{Deadline, Failure};
pub use system::{RandomIds, SystemClock};

/// One invocation: what the platform sent, and under which id it logs it.
///
/// The Lambda runtime's own event type is left out on purpose, so that a function's library can be linked
/// without the runtime; `main.rs` converts.
#[derive(Debug, Clone)]
pub struct Event<T> {
    pub payload: T,
    pub request_id: String,
    pub deadline: Deadline,
}

impl<T> Event<T> {
    /// One that may take as long as it needs.
    pub fn new(payload: T, request_id: impl Into<String>) -> Self {
        Self { payload, request_id: request_id.into(), deadline: Deadline::none() }
    }

    #[must_use]
    pub fn until(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}
