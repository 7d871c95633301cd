//! Scans: the functions list a source, read its files and write a report.

use crate::{Consumers, Flow, MAX_RECEIVES, QueueSpec, Stage, Then, Trigger};

/// The flow's name.
pub const NAME: &str = "scan";

/// Scans whose source must be listed and whose files must be dispatched.
pub const DISPATCH: &str = "scan-dispatch";
/// Files to read.
pub const WORK: &str = "scan-work";
/// Files that crashed a worker repeatedly.
pub const QUARANTINE: &str = "scan-quarantine";
/// Scans that may be finished.
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
        // A source that does not respond blocks a consumer for minutes. A waiting consumer costs nothing, so there are
        // more of them than users start such scans.
        stage(DISPATCHER, QueueSpec { local_consumers: Consumers::Fixed(64), ..queue(DISPATCH) }),
        stage(
            WORKER,
            QueueSpec {
                batch: 10,
                // One consumer fetches and records a batch while another reads one.
                local_consumers: Consumers::PerJob(2),
                // A file that crashed its worker this often is read alone.
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
