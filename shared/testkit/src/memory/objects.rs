//! Objects, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{ObjectStore, PortError, Put, is_key};

use super::lock;

/// An [`ObjectStore`] in memory. It counts how often each key was written, so that a test can distinguish one write
/// from a second one with the same bytes.
#[derive(Debug, Default)]
pub struct MemoryObjects {
    stored: Mutex<BTreeMap<String, StoredObject>>,
}

#[derive(Debug)]
struct StoredObject {
    content: Bytes,
    writes: u32,
}

impl MemoryObjects {
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns all keys, ascending.
    pub fn keys(&self) -> Vec<String> {
        lock(&self.stored).keys().cloned().collect()
    }

    /// Returns the content stored under `key`, without going through the port.
    pub fn peek(&self, key: &str) -> Option<Bytes> {
        lock(&self.stored).get(key).map(|stored| stored.content.clone())
    }

    /// Returns how often `key` has been written since it was last absent.
    pub fn writes(&self, key: &str) -> u32 {
        lock(&self.stored).get(key).map_or(0, |stored| stored.writes)
    }
}

fn check(key: &str) -> Result<(), PortError> {
    if is_key(key) { Ok(()) } else { Err(PortError::Broken(format!("{key:?} is not a key"))) }
}

#[async_trait]
impl ObjectStore for MemoryObjects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        check(key)?;
        let mut stored = lock(&self.stored);
        let writes = stored.get(key).map_or(0, |before| before.writes) + 1;
        stored.insert(key.to_owned(), StoredObject { content, writes });
        Ok(())
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        check(key)?;
        let mut stored = lock(&self.stored);
        if stored.contains_key(key) {
            return Ok(Put::Exists);
        }
        stored.insert(key.to_owned(), StoredObject { content, writes: 1 });
        Ok(Put::Stored)
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        check(key)?;
        Ok(self.peek(key))
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        check(folder)?;
        let below = format!("{folder}/");
        Ok(self.keys().into_iter().filter(|key| key.starts_with(&below)).collect())
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        check(key)?;
        lock(&self.stored).remove(key);
        Ok(())
    }
}
