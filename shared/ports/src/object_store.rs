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

/// Whether `key` has the form of a key: 1 to 512 bytes of `a-z 0-9 . _ - /`, no part empty or of dots alone.
pub fn is_key(key: &str) -> bool {
    let known = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'/');
    key.len() <= 512
        && key.bytes().all(known)
        && key.split('/').all(|part| !part.bytes().all(|byte| byte == b'.'))
}

/// Holds content under keys. Keys are made by us, never by people; what is not one (see [`is_key`]) is
/// [`PortError::Broken`].
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Stores `content`, replacing what was there, all at once: a reader sees the old or the new, whole.
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError>;

    /// Stores `content` unless the key is taken. Of several callers at once exactly one gets
    /// [`Put::Stored`].
    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError>;

    /// A missing key is `Ok(None)`.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError>;

    /// The keys that lie below `folder`, ascending: those that begin with `folder/`. None is no error.
    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError>;

    /// A missing key is no error.
    async fn delete(&self, key: &str) -> Result<(), PortError>;
}
