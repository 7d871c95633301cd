//! Storage to which clients upload large files directly, without a function in between, by signed URLs that expire.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{Entry, Opened, PortError, ReadError};

/// A form with which a client may upload one file: `POST` as `multipart/form-data`, these fields first, then `file`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostForm {
    pub url: String,
    pub fields: BTreeMap<String, String>,
}

/// A file that was received completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFile {
    pub size: u64,
    /// Changes whenever the file is sent again.
    pub version: String,
}

/// The result of putting parts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completed {
    Done,
    /// The named parts are not those that were received, or not the whole file. The text says what the client can do.
    Refused(String),
}

/// A receiver of files from clients. Keys are those of an object store (see [`crate::is_key`]).
///
/// A file appears under its key atomically, when all of it has been received and its size is right. Uploading it again
/// replaces it. An upload that was begun and not completed is removed automatically after a day or more.
#[async_trait]
pub trait UploadStorage: Send + Sync {
    /// Returns a form that lets its holder upload a file of exactly `size` bytes under `key`, for an hour.
    async fn form(&self, key: &str, size: u64) -> Result<PostForm, PortError>;

    /// Begins an upload in parts. Returns its id for the calls below.
    async fn begin(&self, key: &str) -> Result<String, PortError>;

    /// Returns a URL to which part `number` (from 1) of `size` bytes can be sent with `PUT`, for an hour. The `ETag` of
    /// the response identifies the received part.
    async fn part(&self, key: &str, begun: &str, number: u32, size: u64) -> Result<String, PortError>;

    /// Puts the parts together: numbers from 1 without a gap, each with its `ETag`, `size` bytes in total. A repeated
    /// call after success is refused: check with [`Self::received`] first.
    async fn complete(
        &self,
        key: &str,
        begun: &str,
        parts: &[(u32, String)],
        size: u64,
    ) -> Result<Completed, PortError>;

    /// Removes the parts received so far. Unknown ones are not an error.
    async fn abort(&self, key: &str, begun: &str) -> Result<(), PortError>;

    /// Returns the file under `key`, if there is one.
    async fn received(&self, key: &str) -> Result<Option<ReceivedFile>, PortError>;

    /// Returns all files below `folder`, by key. Makes one request for each thousand files.
    async fn all_received(&self, folder: &str) -> Result<BTreeMap<String, ReceivedFile>, PortError>;

    /// Removes all files below `folder`, those whose key begins with `folder/`. An empty folder is not an error.
    async fn remove(&self, folder: &str) -> Result<(), PortError>;

    /// Opens the file under `key`, if it still has the entry's version.
    async fn open(&self, key: &str, entry: &Entry) -> Result<Box<dyn Opened>, ReadError>;
}
