//! Scans: a source is listed, its files are read, a report is written.

use crate::{Consumers, Flow, MAX_RECEIVES, QueueSpec, Stage, Then, Trigger};

/// The flow's name.
pub const NAME: &str = "scan";

/// Scans to list and to hand out.
pub const DISPATCH: &str = "scan-dispatch";
/// Files to read.
pub const WORK: &str = "scan-work";
/// Files that ended a worker again and again.
pub const QUARANTINE: &str = "scan-quarantine";
/// Scans that look finished.
pub const FINISH: &str = "scan-finish";

pub const FLOW: Flow = Flow {
    name: NAME,
    title: "Scans",
    stages: &[
        stage("scan-dispatcher", queue(DISPATCH)),
        stage(
            "scan-worker",
            QueueSpec {
                batch: 10,
                // One batch is fetched and booked while another is read.
                local_consumers: Consumers::PerJob(2),
                // A file that ends its worker this often is read alone.
                max_receives: 3,
                then: Then::MoveTo("scan-quarantine"),
                ..queue(WORK)
            },
        ),
        stage("scan-quarantine", QueueSpec { alone: true, ..queue(QUARANTINE) }),
        stage("scan-finisher", queue(FINISH)),
    ],
    sweeper: "scan-sweeper",
    schedules: &["scan-scheduler"],
};

const fn stage(function: &'static str, queue: QueueSpec) -> Stage {
    Stage { function, trigger: Trigger::Queue, queue: Some(queue) }
}

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
