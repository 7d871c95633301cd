//! The platform's view for the people who run it. Where the cloud itself provides this (it has its own metrics and no
//! folders of a server), there is no adapter.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Counts, PortError, SourceError, State};

/// The number of messages in one queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub queue: String,
    /// Messages that may be received now.
    pub ready: u64,
    /// Messages that a consumer holds.
    pub in_flight: u64,
    /// Messages that are delayed until a time.
    pub waiting: u64,
}

/// The duration of repeated work since the process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The name of the metric, such as `riffle_stage_seconds`.
    pub name: &'static str,
    /// The place of the work, such as a function.
    pub of: &'static str,
    pub count: u64,
    pub sum: Duration,
    /// The median, to within a tenth.
    pub p50: Duration,
    pub p99: Duration,
}

/// The platform in numbers, since its state was created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vitals {
    pub queues: Vec<QueueDepth>,
    /// Messages in the dead-letter queues, which a person must look at.
    pub dead_letters: u64,
    /// The number of sessions in each state.
    pub sessions: Vec<(State, u64)>,
    /// Over all sessions.
    pub counts: Counts,
    pub connections: u64,
    pub timings: Vec<Timing>,
}

/// Measures the platform.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Returns the depths of the queues alone: cheap enough to be called every second.
    async fn queues(&self) -> Result<Vec<QueueDepth>, PortError>;

    /// Returns all numbers. Reads every session.
    async fn vitals(&self) -> Result<Vitals, PortError>;
}

/// A folder, its subfolders and the number of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// An absolute path.
    pub path: String,
    /// The path of the folder above. `None` at the root.
    pub parent: Option<String>,
    /// Names and paths of its subfolders, by name; at most [`MAX_FOLDERS`]. Omits hidden ones and those whose name is
    /// not UTF-8.
    pub folders: Vec<(String, String)>,
    /// Number of files directly in it, hidden ones not included.
    pub files: u64,
}

/// Subfolders shown for one folder, at most.
pub const MAX_FOLDERS: usize = 1_000;

/// A browser of this machine's folders, with which a person chooses one.
#[async_trait]
pub trait FolderBrowser: Send + Sync {
    /// Returns a folder; without a path, the folder to start from, which is the user's home.
    ///
    /// # Errors
    /// [`SourceError::Refused`] says why the folder cannot be shown.
    async fn folder(&self, path: Option<&str>) -> Result<Folder, SourceError>;
}
