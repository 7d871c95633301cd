//! Where a scan's files come from.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::PortError;

/// A place that holds files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Folders on the machine itself, as absolute paths, read with everything below them.
    Folders(Vec<String>),
}

/// One file as it was when it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name people see: the path relative to the folder it was found in, with `/`.
    pub name: String,
    /// How the source finds it again. For [`Source::Folders`] it is `N/PATH`: which of the folders, counted
    /// from 0, and the path below it, percent-encoded but for `/`.
    pub locator: String,
    /// In bytes.
    pub size: u64,
    /// Changes when the content does (an `ETag`, a version, size and modification time).
    pub version: String,
}

/// Why a place cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It does not exist or may not be read. The text says what to do.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why one file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file changed after the scan began")]
    Changed,
    #[error("the file is gone, or the link to it leads nowhere")]
    Missing,
    #[error("the file may not be read: {0}")]
    Denied(String),
    #[error("the file is too large: {size} bytes, at most {limit} are read")]
    TooLarge { size: u64, limit: u64 },
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lists places and reads their files.
#[async_trait]
pub trait FileSource: Send + Sync {
    /// Starts a listing. Two listings of an unchanged place yield the same entries in the same order.
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError>;

    /// The file of `entry` as it is now: the entry a new listing would have, under the same name and locator.
    /// `None` where there is none. One that is there but cannot be read is an entry too.
    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, PortError>;

    /// The whole content of `entry`, if it is still the version that was listed.
    async fn read(&self, source: &Source, entry: &Entry) -> Result<Bytes, ReadError>;
}

/// A listing under way.
#[async_trait]
pub trait Pages: Send {
    /// The next entries, at most 1,000; `None` at the end. What is there but cannot be listed (a folder
    /// without permission) is an entry too, whose reading then fails: nothing is left out in silence.
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError>;
}
