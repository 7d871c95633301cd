// page: description
//! Notes: a text is received, and its words are counted.

use riffle_topology::{Consumers, Flow, MAX_RECEIVES, QueueSpec, Stage, Then, Trigger};

/// The flow's name.
pub const NAME: &str = "notes";
/// Objects under this prefix of the uploads bucket are notes.
pub const PREFIX: &str = "notes/";

/// Notifications of the uploads bucket.
pub const UPLOADS: &str = "notes-uploads";
/// Notes to count.
pub const COUNT: &str = "notes-count";

pub const RECEIVER: &str = "note-receiver";
pub const COUNTER: &str = "note-counter";
pub const SWEEPER: &str = "note-sweeper";

/// The type of the event that announces a new note.
pub const RECEIVED: &str = "note.received";

/// A note that failed three times would also fail the fourth time.
pub const COUNT_RECEIVES: u32 = 3;

pub const FLOW: Flow = Flow {
    name: NAME,
    title: "Notes",
    stages: &[
        Stage {
            function: RECEIVER,
            trigger: Trigger::Bucket(PREFIX),
            queue: Some(QueueSpec { batch: 10, ..queue(UPLOADS) }),
        },
        Stage {
            function: COUNTER,
            trigger: Trigger::Bus(NAME, &[RECEIVED]),
            queue: Some(QueueSpec { max_receives: COUNT_RECEIVES, ..queue(COUNT) }),
        },
    ],
    sweeper: SWEEPER,
    schedules: &[],
};

const fn queue(name: &'static str) -> QueueSpec {
    QueueSpec {
        name,
        batch: 1,
        local_consumers: Consumers::Fixed(1),
        max_receives: MAX_RECEIVES,
        then: Then::DeadLetter,
        alone: false,
    }
}
// page: end
