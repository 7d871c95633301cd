//! The parts that every function needs in addition to its flow: the event type, the batch loop, the envelopes of queues
//! and gateways, the registry of functions by name, dead letters, the cache of OCR texts in the object store, the
//! system clock and random ids.

mod batch;
mod dead_letters;
mod envelope;
mod object_texts;
mod record_classifier;
mod registry;
mod system;

pub use batch::{Batch, BatchItem, receive_count};
pub use dead_letters::{ClassifiedDeadLetter, DeadLetterService};
pub use envelope::{authorizer_event, queue_event, socket_event, status, tick_event};
pub use object_texts::ObjectTexts;
pub use record_classifier::{RecordClassifier, message_info, record_info};
pub use registry::{Answering, Registry};
pub use riffle_ports::{Deadline, Failure};
pub use system::{RandomIds, SystemClock};

/// One invocation: the payload that the platform sent, and the request id under which the platform logs it.
///
/// The Lambda runtime's own event type is deliberately not used, so that a function's library can be linked without the
/// runtime; `main.rs` converts.
#[derive(Debug, Clone)]
pub struct FunctionEvent<T> {
    pub payload: T,
    pub request_id: String,
    pub deadline: Deadline,
}

impl<T> FunctionEvent<T> {
    /// Returns an event without a deadline.
    pub fn new(payload: T, request_id: impl Into<String>) -> Self {
        Self { payload, request_id: request_id.into(), deadline: Deadline::none() }
    }

    #[must_use]
    pub fn until(self, deadline: Deadline) -> Self {
        Self { deadline, ..self }
    }
}
