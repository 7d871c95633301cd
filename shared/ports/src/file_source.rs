//! Where a scan's files come from.

use std::io::{Read as _, Seek as _};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{PortError, SessionId};

/// A place that holds files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Folders on the machine itself, as absolute paths, read with everything below them.
    Folders(Vec<String>),
    /// Files that were uploaded together, by the id of the upload.
    Upload(String),
    /// What lies below a prefix of the tenant's part of the uploads bucket.
    Prefix { tenant: String, prefix: String },
    /// A Google Drive folder and everything below it, by its id ([`is_drive_id`]) or `root` for the user's My Drive,
    /// read with the token that the session was lent.
    Drive { tenant: String, session: SessionId, folder: String },
}

/// Whether a text can be an id of Google Drive: 1 to 128 letters, digits, `_` and `-`.
pub fn is_drive_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// One file as it was when it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name people see: the path relative to the folder it was found in, with `/`.
    pub name: String,
    /// How the source finds it again. For [`Source::Folders`] it is `N/PATH`: which of the folders, counted
    /// from 0, and the path below it, percent-encoded but for `/`. For [`Source::Upload`] it is the file's number,
    /// for [`Source::Prefix`] the key below the tenant's part, for [`Source::Drive`] its id, after its kind and `/`
    /// where it has no bytes of its own (`document/ID`).
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
    /// The session's token is gone, or past its time. With a new one the same can be done again.
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
    #[error("the file is gone, or the link to it leads nowhere")]
    Missing,
    /// It was announced and never came.
    #[error("the file was not uploaded")]
    NotUploaded,
    #[error("the file may not be read: {0}")]
    Denied(String),
    #[error("the file is too large: {size} bytes, at most {limit} are read")]
    TooLarge { size: u64, limit: u64 },
    /// It has no bytes of its own, and what the place would make of it is too large. The text says what to do.
    #[error("{0}")]
    TooLargeToExport(String),
    /// It is of a kind that holds nothing to read.
    #[error("{0}")]
    Unsupported(String),
    /// The session's token is gone, or past its time. With a new one the same can be done again: this is no news of
    /// the file.
    #[error("the access token has expired")]
    TokenExpired,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Lists places and reads their files.
#[async_trait]
pub trait FileSource: Send + Sync {
    /// Starts a listing. Two listings of an unchanged place yield the same entries in the same order.
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError>;

    /// Opens `entry`, if it is still the version that was listed. What lies on this machine is not read yet.
    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError>;

    /// The file of `entry` as it is now: the entry a new listing would have, under the same name and locator.
    /// `None` where there is none. One that is there but cannot be read is an entry too.
    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError>;

    /// What names the file wherever it is listed again. Together with its version it stands for its content.
    fn identity(&self, source: &Source, entry: &Entry) -> String;
}

/// A file's content, ready to be read.
pub trait Opened: Send + Sync {
    fn content(&self) -> Content<'_>;

    /// Whether the content is that of the version that was listed: to be asked when all was read.
    fn confirm(&self) -> Result<Confirmed, ReadError>;
}

/// Where the bytes of an opened file are.
#[derive(Debug)]
pub enum Content<'a> {
    Memory(&'a Bytes),
    /// A regular file of so many bytes, to be read from its beginning.
    File(&'a std::fs::File, u64),
}

/// How far a version can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// Another content would be another version.
    Settled,
    /// It changed so short a time ago that one more change might not show.
    Recent,
}

/// What was downloaded whole cannot change any more.
impl Opened for Bytes {
    fn content(&self) -> Content<'_> {
        Content::Memory(self)
    }

    fn confirm(&self) -> Result<Confirmed, ReadError> {
        Ok(Confirmed::Settled)
    }
}

impl Content<'_> {
    /// All of it, for those who can hold it.
    pub fn bytes(&self) -> Result<Bytes, PortError> {
        match self {
            Content::Memory(bytes) => Ok((*bytes).clone()),
            Content::File(file, size) => {
                let (mut file, mut bytes) =
                    (*file, Vec::with_capacity(usize::try_from(*size).unwrap_or_default()));
                file.rewind()
                    .and_then(|()| file.take(*size).read_to_end(&mut bytes))
                    .map_err(|error| PortError::Unavailable(error.to_string()))?;
                Ok(bytes.into())
            }
        }
    }
}

/// All of an opened file, as it was listed.
pub fn read_all(opened: &dyn Opened) -> Result<Bytes, ReadError> {
    let content = opened.content().bytes()?;
    opened.confirm()?;
    Ok(content)
}

/// A listing under way.
#[async_trait]
pub trait Pages: Send {
    /// The next entries, at most 1,000; `None` at the end. What is there but cannot be listed (a folder
    /// without permission) is an entry too, whose reading then fails: nothing is left out in silence.
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError>;
}
