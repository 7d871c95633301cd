//! Content by key.

use async_trait::async_trait;
use bytes::Bytes;

use crate::PortError;

/// What a conditional put did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    Stored,
    /// Something is stored under the key already; it was left alone.
    Exists,
}

/// Holds content under keys. Keys are made by us (`a-z 0-9 . _ - /`, at most 512 bytes, no empty or dotted
/// part), never by people. A key that is not of this form is [`PortError::Broken`].
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Stores `content`, replacing what was there, all at once: a reader sees the old or the new, whole.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError>;

    /// Stores `content` unless the key is taken. Of several callers at once exactly one gets
    /// [`Put::Stored`].
    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError>;

    /// A missing key is `Ok(None)`.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError>;

    /// A missing key is no error.
    async fn delete(&self, key: &str) -> Result<(), PortError>;
}
