//! Retrying a finished session: results are kept, failed files are read again.
//!
//! A retry is a session of its own with the files of the earlier one under the same indices. Listing looks up each
//! failed file again, so that a replaced file is pinned to its current version, and stores the indices to read again
//! next to the manifest. Handing out copies the other results and marks them as a worker would: a step may be repeated,
//! and the cursor moves after it. The bodies of long results are copied, too: a session owns all its objects, so that
//! deleting one session never harms another.

use std::collections::BTreeSet;
use std::ops::Range;

use riffle_ports::{
    Entry, Failure, PortError, ResultBody, Sealed, Session, SessionId, SourceError, State, StoredResult,
};

use crate::stages::dispatcher::Dispatcher;
use crate::state::manifest;
use crate::state::request::{Request, digest, keys};
use crate::state::result::FileResult;

/// The reason a retry cannot continue.
pub(crate) const GONE: &str = "the scan to retry was deleted: start a new scan";

/// The earlier session and the files to read again, used while a retry is handed out.
pub(crate) struct Retry {
    earlier: SessionId,
    /// The indices that are read again; the results of the others are kept.
    pub again: BTreeSet<u32>,
}

impl Dispatcher {
    /// Writes the manifest of a retry: the files of the earlier session, the failed ones as they are now.
    pub(crate) async fn write_retry(
        &self,
        session: &Session,
        request: &Request,
        earlier: &SessionId,
    ) -> Result<Sealed, SourceError> {
        let ports = &self.scan.ports;
        let gone = || SourceError::Refused(GONE.to_owned());
        let finished = ports.ledger.session(earlier).await?.filter(|it| it.state == State::Complete);
        let sealed = finished.and_then(|finished| finished.sealed).ok_or_else(gone)?;
        // The same chunk size: a chunk is carried over whole.
        let attempt = ports.ids.fresh();
        let mut writer =
            manifest::ManifestWriter::new(&*ports.objects, &session.id, attempt, sealed.chunk_size);
        let mut again = BTreeSet::new();
        for chunk in 0..sealed.chunks() {
            let results = ports.ledger.results(earlier, chunk).await?;
            if !results.iter().map(|(index, _)| *index).eq(sealed.indices(chunk)) {
                return Err(gone());
            }
            let mut entries = Vec::with_capacity(results.len());
            for (index, result) in results {
                let listed = self.scan.manifest.entry(earlier, &sealed, index).await?;
                let (entry, reads_again) = self.look_again(request, listed, &result).await?;
                if reads_again {
                    again.insert(index);
                }
                entries.push(entry);
            }
            writer.add(entries).await?;
        }
        writer.again(&again).await?;
        Ok(writer.finish().await?)
    }

    /// Returns the file as it is to be read now, and whether it is read again.
    ///
    /// Every failed file is: the cause may be outside the file. A partly read file is read again only if it was
    /// replaced since; the same bytes would give the same result.
    async fn look_again(
        &self,
        request: &Request,
        listed: Entry,
        result: &StoredResult,
    ) -> Result<(Entry, bool), SourceError> {
        if result.failed {
            // A file that is gone keeps its place and fails again.
            let found = self.source.find(&request.source, &listed).await?;
            return Ok((found.unwrap_or(listed), true));
        }
        if FileResult::load(&*self.scan.ports.objects, result).await?.unread.is_empty() {
            return Ok((listed, false));
        }
        match self.source.find(&request.source, &listed).await? {
            Some(found) if found != listed => Ok((found, true)),
            _ => Ok((listed, false)),
        }
    }

    /// Returns what a session retries, if it is a retry.
    pub(crate) async fn retry(&self, session: &Session, sealed: &Sealed) -> Result<Option<Retry>, Failure> {
        let Some(earlier) = Request::decode(&session.request)?.retry_of else {
            return Ok(None);
        };
        let again = self.scan.manifest.again(&session.id, sealed).await?;
        Ok(Some(Retry { earlier, again }))
    }

    /// Stores and marks the kept results among `indices`. Returns `false` if the earlier session is gone.
    pub(crate) async fn carry_over(
        &self,
        session: &Session,
        sealed: &Sealed,
        retry: &Retry,
        indices: Range<u32>,
    ) -> Result<bool, Failure> {
        let ledger = &self.scan.ports.ledger;
        for chunk in sealed.chunk_of(indices.start)..=sealed.chunk_of(indices.end - 1) {
            let kept = |index: &u32| indices.contains(index) && !retry.again.contains(index);
            let expected = sealed.indices(chunk).filter(kept);
            let mut results = ledger.results(&retry.earlier, chunk).await?;
            results.retain(|(index, _)| kept(index));
            if !results.iter().map(|(index, _)| *index).eq(expected) {
                return Ok(false);
            }
            let mut own = Vec::with_capacity(results.len());
            for (index, result) in results {
                let Some(copy) = self.copied(&session.id, index, result).await? else {
                    return Ok(false);
                };
                own.push((chunk, index, copy));
            }
            let kept: Vec<u32> = own.iter().map(|(_, index, _)| *index).collect();
            let stored = ledger.put_results(&session.id, own).await?;
            if !stored.is_empty() {
                self.scan.mark(&session.id, sealed, &kept.into_iter().zip(stored).collect()).await?;
            }
        }
        Ok(true)
    }

    /// Copies a result of the earlier session for this session. Returns `None` if its body is gone.
    async fn copied(
        &self,
        id: &SessionId,
        index: u32,
        result: StoredResult,
    ) -> Result<Option<StoredResult>, PortError> {
        let ResultBody::Object(key) = &result.body else {
            return Ok(Some(result));
        };
        let objects = &self.scan.ports.objects;
        let Some(json) = objects.get(key).await? else {
            return Ok(None);
        };
        let own = keys::result(id, index, &digest(&json));
        objects.put(&own, json).await?;
        Ok(Some(StoredResult { body: ResultBody::Object(own), ..result }))
    }
}
