//! Statements: the functions record an upload, and store, categorise and add up its transactions.

use crate::{Consumers, Flow, MAX_RECEIVES, QueueSpec, Stage, Then, Trigger};

/// The flow's name.
pub const NAME: &str = "statements";
/// Objects below this prefix of the uploads bucket are statements, whether a person or a program put them there.
pub const PREFIX: &str = "statements/";

/// Notifications of the uploads bucket.
pub const UPLOADS: &str = "statements-uploads";
/// Files to read, and files to delete.
pub const PROCESS: &str = "statements-process";
pub const CATEGORIZE: &str = "statements-categorize";
pub const FIGURES: &str = "statements-figures";
pub const AUDIT: &str = "statements-audit";
pub const ERRORS: &str = "statements-errors";

/// Records uploads.
pub const RECEIVER: &str = "s3-event-handler";
/// Reads files, and deletes them.
pub const PROCESSOR: &str = "file-processor-consumer";
pub const CATEGORIZER: &str = "categorization-consumer";
/// Derives figures.
pub const ANALYTICS: &str = "analytics-consumer";
/// Stores every event.
pub const AUDITOR: &str = "audit-consumer";
/// Records permanent failures on the file.
pub const NOTER: &str = "error-consumer";

pub const SWEEPER: &str = "statements-sweeper";

/// Every event type of the flow.
pub const EVENTS: &[&str] = &[
    "file.uploaded",
    "file.processed",
    "transactions.created",
    "transactions.categorized",
    "deletion.requested",
    "file.deleted",
    "error.occurred",
];

// On a laptop the consumers spend most of their time waiting for the one thread of the database.
pub const FLOW: Flow = Flow {
    name: NAME,
    title: "Statements",
    stages: &[
        Stage { function: RECEIVER, trigger: Trigger::Bucket(PREFIX), queue: Some(queue(UPLOADS, 10, 2)) },
        // One file may take the whole time limit of the function.
        listener(PROCESSOR, &["file.uploaded", "deletion.requested"], queue(PROCESS, 1, 4)),
        listener(CATEGORIZER, &["file.processed"], queue(CATEGORIZE, 1, 2)),
        listener(
            ANALYTICS,
            &["file.processed", "transactions.categorized", "file.deleted"],
            queue(FIGURES, 5, 2),
        ),
        listener(AUDITOR, EVENTS, queue(AUDIT, 10, 2)),
        listener(NOTER, &["error.occurred"], queue(ERRORS, 10, 1)),
    ],
    sweeper: SWEEPER,
    schedules: &[],
};

const fn listener(function: &'static str, types: &'static [&'static str], queue: QueueSpec) -> Stage {
    Stage { function, trigger: Trigger::Bus(NAME, types), queue: Some(queue) }
}

const fn queue(name: &'static str, batch: u32, consumers: u32) -> QueueSpec {
    QueueSpec {
        name,
        batch,
        local_consumers: Consumers::Fixed(consumers),
        max_receives: MAX_RECEIVES,
        then: Then::DeadLetter,
        alone: false,
    }
}
