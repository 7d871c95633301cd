//! The messages on the queues. Each names a session and little else: the authoritative state is in the ledger.

use serde::{Deserialize, Serialize};

/// A message on the dispatch queue: list the session's source, seal the list, and send out its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchJob {
    pub session_id: String,
}

/// A message on the work and quarantine queues: read one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFile {
    pub session_id: String,
    /// The file's index in the session's manifest.
    pub index: u32,
}

/// A message on the finish queue: all files of the session may have a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishJob {
    pub session_id: String,
}

/// The request of a schedule, each time it is due: the detail of its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledScan {
    /// The schedule's name. Name and time identify the scan, so that a schedule that fires twice starts only one scan.
    pub name: String,
    /// The time at which the schedule was due, in the scheduler's format.
    pub scheduled_time: String,
    pub tenant: String,
    /// A prefix within the tenant's part of the uploads bucket.
    pub prefix: String,
    #[serde(default)]
    pub codes: Vec<String>,
    /// The key of an uploaded file that lists codes.
    pub codes_key: Option<String>,
    #[serde(default)]
    pub options: crate::Options,
}
