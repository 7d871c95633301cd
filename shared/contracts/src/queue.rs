//! What the queues carry. Each message names a session and little else: what is true is in the ledger.

use serde::{Deserialize, Serialize};

/// On the dispatch queue: list the session's source, seal it, send its files out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchJob {
    pub session_id: String,
}

/// On the work and quarantine queues: read one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFile {
    pub session_id: String,
    /// Its place in the session's manifest.
    pub index: u32,
}

/// On the finish queue: the session may be full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishJob {
    pub session_id: String,
}

/// What a schedule asks for each time it is due: the detail of its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledScan {
    /// Of the schedule. With the time it makes the scan the same one however often the schedule fires.
    pub name: String,
    /// When it was due, as the scheduler writes it.
    pub scheduled_time: String,
    pub tenant: String,
    /// Below the tenant's part of the uploads bucket.
    pub prefix: String,
    #[serde(default)]
    pub codes: Vec<String>,
    /// An uploaded file that lists codes.
    pub codes_key: Option<String>,
    #[serde(default)]
    pub options: crate::Options,
}
