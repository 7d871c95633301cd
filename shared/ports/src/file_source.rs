//! Sources of a scan's files.

use std::os::unix::fs::FileExt as _;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{PortError, SessionId};

/// A place with files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Folders on the machine itself, as absolute paths, with everything below them.
    Folders(Vec<String>),
    /// Files that were uploaded together, by the upload's id.
    Upload(String),
    /// The files below a prefix of the tenant's part of the uploads bucket.
    Prefix { tenant: String, prefix: String },
    /// A Google Drive folder and everything below it, by its id ([`is_drive_id`]) or `root` for the user's My Drive.
    /// Read with the session's access token.
    Drive { tenant: String, session: SessionId, folder: String },
}

/// Returns whether a text can be a Google Drive id: 1 to 128 letters, digits, `_` and `-`.
pub fn is_drive_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// One file as the listing found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name shown to people: the path relative to the folder it was found in, with `/`.
    pub name: String,
    /// The text by which the source finds the file again. For [`Source::Folders`] it is `N/PATH`: the number of the
    /// folder, counted from 0, and the path below it, percent-encoded except `/`. For [`Source::Upload`] it is the
    /// file's number; for [`Source::Prefix`] the key below the tenant's part; for [`Source::Drive`] the file's id, with
    /// its kind and `/` in front if the file has no bytes of its own (`document/ID`).
    pub locator: String,
    /// In bytes.
    pub size: u64,
    /// Changes when the content does (an `ETag`, a version, or size and modification time).
    pub version: String,
}

/// Why a place cannot be listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It does not exist or may not be read. The text says what the user can do.
    #[error("{0}")]
    Refused(String),
    /// The session's token is missing or expired. The caller can retry with a new one.
    #[error("the access token has expired")]
    TokenExpired,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Why one file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the file changed after the scan began")]
    Changed,
    #[error("the file no longer exists, or is a broken link")]
    Missing,
    /// It was announced but never uploaded.
    #[error("the file was not uploaded")]
    NotUploaded,
    #[error("the file cannot be read: {0}")]
    Denied(String),
    #[error("the file is too large: {size} bytes; the limit is {limit} bytes")]
    TooLarge { size: u64, limit: u64 },
    /// It has no bytes of its own, and its export from the source would be too large. The text says what the user can
    /// do.
    #[error("{0}")]
    TooLargeToExport(String),
    /// It is of a kind without readable content.
    #[error("{0}")]
    Unsupported(String),
    /// The session's token is missing or expired. The caller can retry with a new one; this is not a fault of the file.
    #[error("the access token has expired")]
    TokenExpired,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lists places and reads their files.
#[async_trait]
pub trait FileSource: Send + Sync {
    /// Starts a listing. Two listings of an unchanged source yield the same entries in the same order.
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError>;

    /// Opens `entry`, if it is still the version that was listed. A file on this machine is not read yet.
    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError>;

    /// Returns the current entry of the same file, under the same name and locator, as a new listing would have it.
    /// `None` if the file does not exist. A file that exists but cannot be read is an entry too.
    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError>;

    /// Returns a text that identifies the file in every listing. Together with the version it identifies the content.
    fn identity(&self, source: &Source, entry: &Entry) -> String;
}

/// The content of a file, ready to be read.
pub trait Opened: Send + Sync {
    fn content(&self) -> Content<'_>;

    /// Checks that the content is that of the version that was listed. Call it after everything has been read.
    fn confirm(&self) -> Result<Confirmed, ReadError>;
}

/// The place of an opened file's bytes.
#[derive(Debug)]
pub enum Content<'a> {
    Memory(&'a Bytes),
    /// A regular file of this many bytes, to be read from its beginning.
    File(&'a std::fs::File, u64),
}

/// How reliable a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Any other content would have another version.
    Settled,
    /// The file changed so recently that a further change might not change the version.
    Recent,
}

/// A file that was downloaded whole can no longer change.
impl Opened for Bytes {
    fn content(&self) -> Content<'_> {
        Content::Memory(self)
    }

    fn confirm(&self) -> Result<Confirmed, ReadError> {
        Ok(Confirmed::Settled)
    }
}

impl Content<'_> {
    /// Returns all of it, for callers that have the memory for it.
    pub fn bytes(&self) -> Result<Bytes, PortError> {
        match self {
            Content::Memory(bytes) => Ok((*bytes).clone()),
            Content::File(file, size) => {
                // The position of the file is shared with concurrent readers, so it is not used.
                let mut bytes = vec![0; usize::try_from(*size).unwrap_or_default()];
                let mut filled = 0;
                while filled < bytes.len() {
                    match file.read_at(&mut bytes[filled..], filled as u64) {
                        Ok(0) => break,
                        Ok(read) => filled += read,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(PortError::Unavailable(error.to_string())),
                    }
                }
                bytes.truncate(filled);
                Ok(bytes.into())
            }
        }
    }
}

/// Returns all of an opened file, if it is as it was listed.
pub fn read_all(opened: &dyn Opened) -> Result<Bytes, ReadError> {
    let content = opened.content().bytes()?;
    opened.confirm()?;
    Ok(content)
}

/// A listing in progress.
#[async_trait]
pub trait Pages: Send {
    /// Returns the next entries, at most 1,000; `None` at the end. Something that exists but cannot be listed (a folder
    /// without permission) is an entry too, and reading it fails: nothing is left out silently.
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError>;
}
