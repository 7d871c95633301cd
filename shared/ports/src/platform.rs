//! What people who run the platform ask of it. Where a cloud answers (its own metrics, no folders of a server),
//! there is no adapter.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Counts, PortError, SourceError, State};

/// How much lies in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub queue: String,
    /// Messages that may be received now.
    pub ready: u64,
    /// Messages somebody has.
    pub in_flight: u64,
    /// Messages that wait for their time.
    pub waiting: u64,
}

/// How long something took, as often as it was done since the process began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// What is measured, as a metric is called: `riffle_stage_seconds`.
    pub name: &'static str,
    /// Where, such as a function.
    pub of: &'static str,
    pub count: u64,
    pub sum: Duration,
    /// Half of them took no longer, to within a tenth.
    pub p50: Duration,
    pub p99: Duration,
}

/// The platform in numbers, since its state began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    pub queues: Vec<QueueDepth>,
    /// What lies in the last queues, where somebody must look.
    pub dead_letters: u64,
    /// Each state once.
    pub sessions: Vec<(State, u64)>,
    /// Over all sessions.
    pub counts: Counts,
    pub connections: u64,
    pub timings: Vec<Timing>,
}

/// Measures the platform.
#[async_trait]
pub trait Probe: Send + Sync {
    /// The queues alone: cheap enough to be asked every second.
    async fn queues(&self) -> Result<Vec<QueueDepth>, PortError>;

    /// Takes a look at every session.
    async fn vitals(&self) -> Result<Vitals, PortError>;
}

/// A folder and what lies directly in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Absolute.
    pub path: String,
    /// `None` at the root.
    pub parent: Option<String>,
    /// Name and path, by name; at most [`MAX_FOLDERS`], hidden ones and those without a name in UTF-8 left out.
    pub folders: Vec<(String, String)>,
    /// Files directly in it, hidden ones left out.
    pub files: u64,
}

/// Folders shown of one folder.
pub const MAX_FOLDERS: usize = 1_000;

/// Shows a person the folders of this machine, to choose one.
#[async_trait]
pub trait FolderBrowser: Send + Sync {
    /// `None`: where to begin, the user's home.
    ///
    /// # Errors
    /// [`SourceError::Refused`] says why it cannot be shown.
    async fn folder(&self, path: Option<&str>) -> Result<Folder, SourceError>;
}
