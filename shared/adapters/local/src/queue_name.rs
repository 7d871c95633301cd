//! Which queues there are, and where a message goes that fails too often.

use riffle_contracts::Consumer;
use riffle_ports::Queue;

/// A message received this often and not deleted has failed for good, in all queues but [`QueueName::ScanWork`].
pub const MAX_RECEIVES: u32 = 5;
/// A file that ends its worker this often is read alone.
const MAX_WORK_RECEIVES: u32 = 3;

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
    /// Notifications of uploaded statements.
    FileUploads,
    /// The queues behind the bus.
    FileProcessor,
    Categorization,
    Analytics,
    Audit,
    Errors,
    /// The end of each of these.
    FileUploadsDeadLetter,
    FileProcessorDeadLetter,
    CategorizationDeadLetter,
    AnalyticsDeadLetter,
    AuditDeadLetter,
    ErrorsDeadLetter,
}

/// What happens to a message that keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrive {
    /// A message received this often and not deleted moves on when it would become visible again.
    pub after: u32,
    pub to: QueueName,
}

impl QueueName {
    /// In the order in which work passes them, the ends last.
    pub const ALL: [Self; 17] = [
        Self::ScanDispatch,
        Self::ScanWork,
        Self::ScanFinish,
        Self::ScanQuarantine,
        Self::FileUploads,
        Self::FileProcessor,
        Self::Categorization,
        Self::Analytics,
        Self::Audit,
        Self::Errors,
        Self::ScanDeadLetter,
        Self::FileUploadsDeadLetter,
        Self::FileProcessorDeadLetter,
        Self::CategorizationDeadLetter,
        Self::AnalyticsDeadLetter,
        Self::AuditDeadLetter,
        Self::ErrorsDeadLetter,
    ];

    /// Those of the ingest flow that functions consume.
    pub const INGEST: [Self; 6] = [
        Self::FileUploads,
        Self::FileProcessor,
        Self::Categorization,
        Self::Analytics,
        Self::Audit,
        Self::Errors,
    ];

    /// `None` for the end of the line.
    pub const fn redrive(self) -> Option<Redrive> {
        let (after, to) = match self {
            Self::ScanWork => (MAX_WORK_RECEIVES, Self::ScanQuarantine),
            Self::ScanDispatch | Self::ScanFinish | Self::ScanQuarantine => {
                (MAX_RECEIVES, Self::ScanDeadLetter)
            }
            Self::FileUploads => (MAX_RECEIVES, Self::FileUploadsDeadLetter),
            Self::FileProcessor => (MAX_RECEIVES, Self::FileProcessorDeadLetter),
            Self::Categorization => (MAX_RECEIVES, Self::CategorizationDeadLetter),
            Self::Analytics => (MAX_RECEIVES, Self::AnalyticsDeadLetter),
            Self::Audit => (MAX_RECEIVES, Self::AuditDeadLetter),
            Self::Errors => (MAX_RECEIVES, Self::ErrorsDeadLetter),
            Self::ScanDeadLetter
            | Self::FileUploadsDeadLetter
            | Self::FileProcessorDeadLetter
            | Self::CategorizationDeadLetter
            | Self::AnalyticsDeadLetter
            | Self::AuditDeadLetter
            | Self::ErrorsDeadLetter => return None,
        };
        Some(Redrive { after, to })
    }

    /// Whether nothing consumes it.
    pub const fn is_dead_letter(self) -> bool {
        self.redrive().is_none()
    }

    /// Where a message sent to this queue fails for the last time, before it becomes a dead letter.
    #[must_use]
    pub const fn last(self) -> Self {
        let mut queue = self;
        while let Some(Redrive { to, .. }) = queue.redrive() {
            if to.is_dead_letter() {
                break;
            }
            queue = to;
        }
        queue
    }

    /// For metrics and people. Those behind the bus are called as their functions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ScanDispatch => "scan-dispatch",
            Self::ScanWork => "scan-work",
            Self::ScanFinish => "scan-finish",
            Self::ScanQuarantine => "scan-quarantine",
            Self::ScanDeadLetter => "scan-dead-letter",
            Self::FileUploads => "file-uploads",
            Self::FileProcessor => Consumer::FileProcessor.as_str(),
            Self::Categorization => Consumer::Categorization.as_str(),
            Self::Analytics => Consumer::Analytics.as_str(),
            Self::Audit => Consumer::Audit.as_str(),
            Self::Errors => Consumer::Errors.as_str(),
            Self::FileUploadsDeadLetter => "file-uploads-dead-letter",
            Self::FileProcessorDeadLetter => "file-processor-consumer-dead-letter",
            Self::CategorizationDeadLetter => "categorization-consumer-dead-letter",
            Self::AnalyticsDeadLetter => "analytics-consumer-dead-letter",
            Self::AuditDeadLetter => "audit-consumer-dead-letter",
            Self::ErrorsDeadLetter => "error-consumer-dead-letter",
        }
    }

    /// The function that consumes it, or the one that what lies here failed in.
    pub const fn function(self) -> &'static str {
        match self {
            Self::FileUploads | Self::FileUploadsDeadLetter => "s3-event-handler",
            Self::ScanDispatch => "scan-dispatcher",
            Self::ScanWork => "scan-worker",
            Self::ScanFinish => "scan-finisher",
            Self::FileProcessorDeadLetter => Consumer::FileProcessor.as_str(),
            Self::CategorizationDeadLetter => Consumer::Categorization.as_str(),
            Self::AnalyticsDeadLetter => Consumer::Analytics.as_str(),
            Self::AuditDeadLetter => Consumer::Audit.as_str(),
            Self::ErrorsDeadLetter => Consumer::Errors.as_str(),
            Self::ScanQuarantine
            | Self::ScanDeadLetter
            | Self::FileProcessor
            | Self::Categorization
            | Self::Analytics
            | Self::Audit
            | Self::Errors => self.as_str(),
        }
    }

    /// How the database knows it. Never changed, never given to another queue; from 1, without a gap.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::ScanDispatch => 1,
            Self::ScanWork => 2,
            Self::ScanFinish => 3,
            Self::ScanQuarantine => 4,
            Self::ScanDeadLetter => 5,
            Self::FileUploads => 6,
            Self::FileProcessor => 7,
            Self::Categorization => 8,
            Self::Analytics => 9,
            Self::Audit => 10,
            Self::Errors => 11,
            Self::FileUploadsDeadLetter => 12,
            Self::FileProcessorDeadLetter => 13,
            Self::CategorizationDeadLetter => 14,
            Self::AnalyticsDeadLetter => 15,
            Self::AuditDeadLetter => 16,
            Self::ErrorsDeadLetter => 17,
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
            Queue::FileUploads => Self::FileUploads,
            Queue::FileProcessor => Self::FileProcessor,
            Queue::Categorization => Self::Categorization,
            Queue::Analytics => Self::Analytics,
            Queue::Audit => Self::Audit,
            Queue::Errors => Self::Errors,
        }
    }
}

impl From<Consumer> for QueueName {
    fn from(consumer: Consumer) -> Self {
        match consumer {
            Consumer::FileProcessor => Self::FileProcessor,
            Consumer::Categorization => Self::Categorization,
            Consumer::Analytics => Self::Analytics,
            Consumer::Audit => Self::Audit,
            Consumer::Errors => Self::Errors,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn files_fail_for_the_last_time_in_quarantine() {
        for (sent_to, last) in [
            (QueueName::ScanDispatch, QueueName::ScanDispatch),
            (QueueName::ScanWork, QueueName::ScanQuarantine),
            (QueueName::ScanQuarantine, QueueName::ScanQuarantine),
            (QueueName::ScanFinish, QueueName::ScanFinish),
            (QueueName::FileUploads, QueueName::FileUploads),
        ] {
            assert_eq!(sent_to.last(), last);
        }
    }

    #[test]
    fn each_queue_of_the_ingest_flow_has_an_end_of_its_own() {
        let ends: BTreeSet<QueueName> =
            QueueName::INGEST.into_iter().filter_map(|queue| Some(queue.redrive()?.to)).collect();
        assert_eq!(ends.len(), QueueName::INGEST.len());
        for queue in QueueName::INGEST {
            let Some(Redrive { after, to }) = queue.redrive() else { panic!("{queue:?} has no end") };
            assert!(to.is_dead_letter() && after == MAX_RECEIVES, "{queue:?}");
            assert_eq!(to.as_str(), format!("{}-dead-letter", queue.as_str()));
        }
    }

    #[test]
    fn numbers_are_given_once_and_without_a_gap() {
        let numbers: BTreeSet<u8> = QueueName::ALL.into_iter().map(QueueName::number).collect();
        assert_eq!(numbers, (1..=17).collect());
        let names: BTreeSet<&str> = QueueName::ALL.into_iter().map(QueueName::as_str).collect();
        assert_eq!(names.len(), QueueName::ALL.len());
    }
}
