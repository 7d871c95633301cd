//! Where messages lie, and how often they are received there before they move on.

use chrono::TimeDelta;
use riffle_contracts::Consumer;
use riffle_ports::Queue;

/// A queue of the ingest flow, by the function behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// The handler of the uploads bucket's notifications.
    Uploads,
    Consumer(Consumer),
}

impl Stage {
    pub const ALL: [Self; 6] = [
        Self::Uploads,
        Self::Consumer(Consumer::FileProcessor),
        Self::Consumer(Consumer::Categorization),
        Self::Consumer(Consumer::Analytics),
        Self::Consumer(Consumer::Audit),
        Self::Consumer(Consumer::Errors),
    ];

    /// The name of its function.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploads => "s3-event-handler",
            Self::Consumer(consumer) => consumer.as_str(),
        }
    }

    pub const fn queue(self) -> Queue {
        match self {
            Self::Uploads => Queue::FileUploads,
            Self::Consumer(Consumer::FileProcessor) => Queue::FileProcessor,
            Self::Consumer(Consumer::Categorization) => Queue::Categorization,
            Self::Consumer(Consumer::Analytics) => Queue::Analytics,
            Self::Consumer(Consumer::Audit) => Queue::Audit,
            Self::Consumer(Consumer::Errors) => Queue::Errors,
        }
    }
}

/// Where a message can lie: the queues one can send to, and where redrive leads from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    Dispatch,
    Work,
    Finish,
    /// Work that was received too often; consumed one message at a time.
    Quarantine,
    /// The end of the scan's line. Nobody consumes it; anything in it is an alarm.
    Dead,
    Ingest(Stage),
    /// What was received too often from the queue of that stage. Nobody consumes it either.
    DeadLetters(Stage),
}

impl Place {
    /// Every place of a scan that somebody consumes.
    pub const CONSUMED: [Self; 4] = [Self::Dispatch, Self::Work, Self::Finish, Self::Quarantine];

    /// Every queue of the ingest flow.
    pub const INGEST: [Self; 6] = [
        Self::Ingest(Stage::ALL[0]),
        Self::Ingest(Stage::ALL[1]),
        Self::Ingest(Stage::ALL[2]),
        Self::Ingest(Stage::ALL[3]),
        Self::Ingest(Stage::ALL[4]),
        Self::Ingest(Stage::ALL[5]),
    ];

    /// How many messages one delivery may hold.
    pub const fn batch(self) -> usize {
        match self {
            Self::Quarantine => 1,
            _ => 10,
        }
    }

    /// Whether nobody consumes it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Dead | Self::DeadLetters(_))
    }

    pub(super) const fn redrives_to(self) -> Self {
        match self {
            Self::Work => Self::Quarantine,
            Self::Ingest(stage) => Self::DeadLetters(stage),
            _ => Self::Dead,
        }
    }
}

impl From<Queue> for Place {
    fn from(queue: Queue) -> Self {
        match queue {
            Queue::ScanDispatch => Self::Dispatch,
            Queue::ScanWork => Self::Work,
            Queue::ScanFinish => Self::Finish,
            Queue::FileUploads => Self::Ingest(Stage::Uploads),
            Queue::FileProcessor => Self::Ingest(Stage::Consumer(Consumer::FileProcessor)),
            Queue::Categorization => Self::Ingest(Stage::Consumer(Consumer::Categorization)),
            Queue::Analytics => Self::Ingest(Stage::Consumer(Consumer::Analytics)),
            Queue::Audit => Self::Ingest(Stage::Consumer(Consumer::Audit)),
            Queue::Errors => Self::Ingest(Stage::Consumer(Consumer::Errors)),
        }
    }
}

/// When a message is given up: after this many receives the next one moves it on instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrive {
    pub visibility: TimeDelta,
    pub dispatch: u32,
    pub work: u32,
    pub finish: u32,
    pub quarantine: u32,
    pub ingest: u32,
}

impl Default for Redrive {
    fn default() -> Self {
        Self {
            visibility: TimeDelta::seconds(180),
            dispatch: 5,
            work: 3,
            finish: 5,
            quarantine: 5,
            ingest: 5,
        }
    }
}

impl Redrive {
    pub(super) const fn receives(&self, place: Place) -> u32 {
        match place {
            Place::Dispatch => self.dispatch,
            Place::Work => self.work,
            Place::Finish => self.finish,
            Place::Quarantine => self.quarantine,
            Place::Ingest(_) => self.ingest,
            Place::Dead | Place::DeadLetters(_) => u32::MAX,
        }
    }
}
