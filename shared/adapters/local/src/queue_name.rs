//! Which queues there are, and where a message goes that fails too often.

use riffle_ports::Queue;

/// A queue of the local platform: those that functions send to, and those that only redrive fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QueueName {
    ScanDispatch,
    ScanWork,
    ScanFinish,
    /// Files that ended a worker again and again, to be read one at a time.
    ScanQuarantine,
    /// The end. Nothing consumes it; a message here needs a person.
    ScanDeadLetter,
}

/// What happens to a message that keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrive {
    /// A message received this often and not deleted moves on when it would become visible again.
    pub after: u32,
    pub to: QueueName,
}

impl QueueName {
    pub const ALL: [Self; 5] =
        [Self::ScanDispatch, Self::ScanWork, Self::ScanFinish, Self::ScanQuarantine, Self::ScanDeadLetter];

    /// `None` for the end of the line.
    pub const fn redrive(self) -> Option<Redrive> {
        match self {
            Self::ScanWork => Some(Redrive { after: 3, to: Self::ScanQuarantine }),
            Self::ScanDispatch | Self::ScanFinish | Self::ScanQuarantine => {
                Some(Redrive { after: 5, to: Self::ScanDeadLetter })
            }
            Self::ScanDeadLetter => None,
        }
    }

    /// Where a message sent to this queue fails for the last time, before it becomes a dead letter.
    #[must_use]
    pub const fn last(self) -> Self {
        let mut queue = self;
        while let Some(Redrive { to, .. }) = queue.redrive() {
            if matches!(to, Self::ScanDeadLetter) {
                break;
            }
            queue = to;
        }
        queue
    }

    /// For metrics and people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScanDispatch => "scan-dispatch",
            Self::ScanWork => "scan-work",
            Self::ScanFinish => "scan-finish",
            Self::ScanQuarantine => "scan-quarantine",
            Self::ScanDeadLetter => "scan-dead-letter",
        }
    }

    /// How the database knows it. Never changed, never given to another queue.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::ScanDispatch => 1,
            Self::ScanWork => 2,
            Self::ScanFinish => 3,
            Self::ScanQuarantine => 4,
            Self::ScanDeadLetter => 5,
        }
    }

    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.number() == number)
    }
}

impl From<Queue> for QueueName {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::ScanDispatch => Self::ScanDispatch,
            Queue::ScanWork => Self::ScanWork,
            Queue::ScanFinish => Self::ScanFinish,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::QueueName::{ScanDispatch, ScanFinish, ScanQuarantine, ScanWork};

    #[test]
    fn files_fail_for_the_last_time_in_quarantine() {
        for (sent_to, last) in [
            (ScanDispatch, ScanDispatch),
            (ScanWork, ScanQuarantine),
            (ScanQuarantine, ScanQuarantine),
            (ScanFinish, ScanFinish),
        ] {
            assert_eq!(sent_to.last(), last);
        }
    }
}
