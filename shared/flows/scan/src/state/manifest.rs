//! The list of a session's files: written in immutable parts under an attempt id, valid once sealed.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use riffle_ports::{Entry, ObjectStore, PortError, Sealed, SessionId};
use sha2::{Digest, Sha256};

use crate::recent::Recent;
use crate::state::request::keys;

/// Chunks whose entries are in one part.
const CHUNKS_PER_PART: u32 = 10;
/// Parts that a reader caches: workers read indices nearly in order.
const CACHED_PARTS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// A writer of one attempt's manifest, fed with entries as they arrive.
#[derive(Debug)]
pub struct ManifestWriter<'a, O: ?Sized> {
    objects: &'a O,
    session: &'a SessionId,
    attempt: String,
    chunk_size: u32,
    pending: Vec<Entry>,
    parts: u32,
    total: u32,
    hash: Sha256,
}

impl<'a, O: ObjectStore + ?Sized> ManifestWriter<'a, O> {
    pub fn new(objects: &'a O, session: &'a SessionId, attempt: String, chunk_size: u32) -> Self {
        Self {
            objects,
            session,
            attempt,
            chunk_size,
            pending: Vec::new(),
            parts: 0,
            total: 0,
            hash: Sha256::new(),
        }
    }

    pub async fn add(&mut self, entries: Vec<Entry>) -> Result<(), PortError> {
        let part_size = (self.chunk_size * CHUNKS_PER_PART) as usize;
        self.pending.extend(entries);
        while self.pending.len() >= part_size {
            let rest = self.pending.split_off(part_size);
            let part = std::mem::replace(&mut self.pending, rest);
            self.write(&part).await?;
        }
        Ok(())
    }

    /// Records which of the files a retry reads again.
    pub async fn again(&self, indices: &BTreeSet<u32>) -> Result<(), PortError> {
        let json = serde_json::to_vec(indices).expect("numbers are plain data");
        self.objects.put(&keys::manifest_again(self.session, &self.attempt), Bytes::from(json)).await
    }

    pub async fn finish(mut self) -> Result<Sealed, PortError> {
        if !self.pending.is_empty() {
            let part = std::mem::take(&mut self.pending);
            self.write(&part).await?;
        }
        Ok(Sealed {
            attempt: self.attempt,
            digest: HEXLOWER.encode(&self.hash.finalize()),
            total: self.total,
            chunk_size: self.chunk_size,
        })
    }

    async fn write(&mut self, entries: &[Entry]) -> Result<(), PortError> {
        let json = serde_json::to_vec(entries).expect("entries are plain data");
        self.hash.update(&json);
        let key = keys::manifest_part(self.session, &self.attempt, self.parts);
        self.objects.put(&key, Bytes::from(json)).await?;
        self.parts += 1;
        let added = u32::try_from(entries.len()).ok();
        self.total = added
            .and_then(|added| self.total.checked_add(added))
            .ok_or_else(|| PortError::Broken("the session has too many files".to_owned()))?;
        Ok(())
    }
}

/// A reader of sealed manifests that caches the parts used last.
#[derive(Clone)]
pub struct ManifestReader {
    objects: Arc<dyn ObjectStore>,
    /// By object key.
    parts: Recent<String, Arc<[Entry]>>,
}

impl std::fmt::Debug for ManifestReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl ManifestReader {
    pub fn new(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, parts: Recent::new(CACHED_PARTS) }
    }

    /// Returns the entry at `index`, which must be below `sealed.total`.
    pub async fn entry(&self, session: &SessionId, sealed: &Sealed, index: u32) -> Result<Entry, PortError> {
        let part_size = sealed.chunk_size * CHUNKS_PER_PART;
        let key = keys::manifest_part(session, &sealed.attempt, index / part_size);
        let part = self.part(key).await?;
        part.get((index % part_size) as usize).cloned().ok_or_else(|| {
            PortError::Broken(format!("the manifest of session {session} ends before {index}"))
        })
    }

    /// Returns the files of a sealed retry that are read again.
    pub async fn again(&self, session: &SessionId, sealed: &Sealed) -> Result<BTreeSet<u32>, PortError> {
        let key = keys::manifest_again(session, &sealed.attempt);
        let Some(json) = self.objects.get(&key).await? else {
            return Err(PortError::Broken(format!("{key} is missing")));
        };
        serde_json::from_slice(&json)
            .map_err(|error| PortError::Broken(format!("{key} cannot be read: {error}")))
    }

    async fn part(&self, key: String) -> Result<Arc<[Entry]>, PortError> {
        if let Some(part) = self.parts.get(&key) {
            return Ok(part);
        }
        let Some(json) = self.objects.get(&key).await? else {
            return Err(PortError::Broken(format!("manifest part {key} is missing")));
        };
        let part: Arc<[Entry]> = serde_json::from_slice::<Vec<Entry>>(&json)
            .map_err(|error| PortError::Broken(format!("manifest part {key} cannot be read: {error}")))?
            .into();
        self.parts.put(key, Arc::clone(&part));
        Ok(part)
    }
}
