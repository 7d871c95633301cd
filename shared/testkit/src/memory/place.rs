//! The places that hold messages.

/// A queue of the topology, or the dead letters of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueuePlace {
    /// The queue's name.
    pub queue: &'static str,
    /// Whether this is the queue's dead letters, which have no consumer.
    pub dead: bool,
}

impl QueuePlace {
    pub const fn of(queue: &'static str) -> Self {
        Self { queue, dead: false }
    }

    pub const fn dead_letters(queue: &'static str) -> Self {
        Self { queue, dead: true }
    }
}
