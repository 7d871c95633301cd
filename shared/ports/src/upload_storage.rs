//! Where clients put files themselves, without a function in between: large objects, by addresses that are signed
//! and expire.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{Entry, Opened, PortError, ReadError};

/// A form by which one file may be sent: `POST` as `multipart/form-data`, these fields first, then `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    pub url: String,
    pub fields: BTreeMap<String, String>,
}

/// A file that was received whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub size: u64,
    /// Changes whenever the file is sent again.
    pub version: String,
}

/// What became of putting parts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completed {
    Done,
    /// The parts named are not what was received, or not the whole file. The text says what to do.
    Refused(String),
}

/// Takes files from clients. Keys are those of an object store (see [`crate::is_key`]).
///
/// A file appears under its key all at once, when the last of it was received and its size is right. Sending it
/// again replaces it. What was begun and not completed goes away by itself after a day or more.
#[async_trait]
pub trait UploadStorage: Send + Sync {
    /// Lets whoever has it send a file of exactly `size` bytes under `key`, for an hour.
    async fn form(&self, key: &str, size: u64) -> Result<PostForm, PortError>;

    /// Begins a file that comes in parts. Names it for the calls below.
    async fn begin(&self, key: &str) -> Result<String, PortError>;

    /// An address for part `number` (from 1) of `size` bytes, for an hour: `PUT` it there. The `ETag` of the answer
    /// names what was received.
    async fn part(&self, key: &str, begun: &str, number: u32, size: u64) -> Result<String, PortError>;

    /// Puts the parts together: numbers from 1 without a gap, each with its `ETag`, `size` bytes in all. Repeating
    /// it after it was done is refused: look with [`Self::received`] first.
    async fn complete(
        &self,
        key: &str,
        begun: &str,
        parts: &[(u32, String)],
        size: u64,
    ) -> Result<Completed, PortError>;

    /// Forgets the parts received so far. Unknown ones are no error.
    async fn abort(&self, key: &str, begun: &str) -> Result<(), PortError>;

    /// What lies under `key`.
    async fn received(&self, key: &str) -> Result<Option<Received>, PortError>;

    /// All that lies below `folder`, by key. A request for each thousand files.
    async fn all_received(&self, folder: &str) -> Result<BTreeMap<String, Received>, PortError>;

    /// Removes all files below `folder`, those whose key begins with `folder/`. None is no error.
    async fn remove(&self, folder: &str) -> Result<(), PortError>;

    /// Opens what lies under `key`, if it is still of the entry's version.
    async fn open(&self, key: &str, entry: &Entry) -> Result<Box<dyn Opened>, ReadError>;
}
