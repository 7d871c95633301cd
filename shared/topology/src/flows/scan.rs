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

pub const DISPATCHER: &str = "scan-dispatcher";
pub const WORKER: &str = "scan-worker";
pub const QUARANTINER: &str = "scan-quarantine";
pub const FINISHER: &str = "scan-finisher";
pub const SWEEPER: &str = "scan-sweeper";
pub const SCHEDULER: &str = "scan-scheduler";

pub const FLOW: Flow = Flow {
    name: NAME,
    title: "Scans",
    stages: &[
        // A place that does not answer holds up one of them for minutes. Waiting costs nothing, so that there are more of
        // them than somebody starts such scans.
        stage(DISPATCHER, QueueSpec { local_consumers: Consumers::Fixed(64), ..queue(DISPATCH) }),
        stage(
            WORKER,
            QueueSpec {
                batch: 10,
                // One batch is fetched and booked while another is read.
                local_consumers: Consumers::PerJob(2),
                // A file that ends its worker this often is read alone.
                max_receives: 3,
                then: Then::MoveTo(QUARANTINER),
                ..queue(WORK)
            },
        ),
        stage(QUARANTINER, QueueSpec { alone: true, ..queue(QUARANTINE) }),
        stage(FINISHER, queue(FINISH)),
    ],
    sweeper: SWEEPER,
    schedules: &[SCHEDULER],
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
