//! Where messages lie.

/// A queue of the topology, or its dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The queue's name.
    pub queue: &'static str,
    /// Its dead letters: nobody consumes them.
    pub dead: bool,
}

impl Place {
    pub const fn of(queue: &'static str) -> Self {
        Self { queue, dead: false }
    }

    pub const fn dead_letters(queue: &'static str) -> Self {
        Self { queue, dead: true }
    }
}
