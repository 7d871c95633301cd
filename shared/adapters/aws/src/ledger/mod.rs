//! The ledger of a scan in one table.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `S#{session}` | `SESSION` | the session (`session_item`) |
//! | `S#{session}#C#{chunk}` | `R#{index}` | one file's result (`result_item`) |
//! | `S#{session}#C#{chunk}` | `DONE` | the set of the chunk's finished file indices |
//! | `S#{session}#A` | `{index}` | the attempt of a quarantined file |
//!
//! Two indexes, of keys alone: `open` has the sessions that are not in a terminal state, `tenant` has each tenant's
//! sessions by time. The attributes that workers write often are in neither, so that such a write bills only the item.
//!
//! If the answer to a write is lost, the SDK sends the write again and it takes effect twice. The port allows that and
//! the simulator does it: transitions are then refused because of their own effect and the caller sees the current
//! session; sets do not grow; displayed counts may, until the finisher overwrites them.

mod lists;
mod result_item;
mod session_item;
mod transition;

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use futures::{StreamExt as _, TryStreamExt as _};
use riffle_ports::{
    Attempt, ChunkDone, Counts, ListedAt, PortError, ScanLedger, Session, SessionId, State, StoredResult,
    Transition, TransitionResult, Usage,
};

use self::session_item::{encode, open_states, session_of};
use crate::change::ItemChange;
use crate::item::{Item, ItemReader, numbers, text, time};
use crate::table::{KeyRange, PK, PutResult, SK, Table, UpdateResult, all, key};

/// Concurrent writes of one call.
const AT_ONCE: usize = 16;

const DONE: &str = "DONE";
const DONE_SET: &str = "done";
const RECEIPT: &str = "receipt";
const AT: &str = "at";

/// The ledger in `SCAN_TABLE`.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    pub(crate) table: Table,
}

fn session_key(id: &SessionId) -> Item {
    key(format!("S#{id}"), "SESSION")
}

fn chunk_partition(id: &SessionId, chunk: u32) -> String {
    format!("S#{id}#C#{chunk}")
}

fn attempts_partition(id: &SessionId) -> String {
    format!("S#{id}#A")
}

fn attempt_key(id: &SessionId, index: u32) -> Item {
    key(attempts_partition(id), format!("{index:07}"))
}

#[async_trait]
impl ScanLedger for DynamoLedger {
    async fn create(&self, session: Session) -> Result<Option<Session>, PortError> {
        let item = encode(&session)?;
        match self.table.put_if_absent(item).await? {
            PutResult::New => Ok(None),
            PutResult::Taken(item) => session_of(&session.id, &item).map(Some),
        }
    }

    async fn session(&self, id: &SessionId) -> Result<Option<Session>, PortError> {
        let item = self.table.get(session_key(id)).await?;
        item.map(|item| session_of(id, &item)).transpose()
    }

    async fn transition(
        &self,
        id: &SessionId,
        transition: Transition,
    ) -> Result<TransitionResult, PortError> {
        let outcome = self.change(id, transition::change(&transition)).await?;
        // The cursor only rises, and an update expression cannot take the larger of two numbers: if the cursor is
        // already as far, everything but the cursor changes. The cursor cannot fall meanwhile, so this second update is
        // refused only if the state has changed.
        if let (Transition::Dispatched { upto, now }, TransitionResult::Refused(session)) =
            (&transition, &outcome)
            && session.state == State::Dispatching
            && session.dispatched >= *upto
        {
            return self.change(id, transition::dispatched_further(*upto, *now)).await;
        }
        Ok(outcome)
    }

    async fn put_result(
        &self,
        id: &SessionId,
        chunk: u32,
        index: u32,
        result: StoredResult,
    ) -> Result<StoredResult, PortError> {
        let mut item = result_item::encode(&result)?;
        item.extend(key(chunk_partition(id, chunk), result_item::sort_key(index)));
        match self.table.put_if_absent(item).await? {
            PutResult::New => Ok(result),
            PutResult::Taken(item) => Ok(result_item::decode(id, &item)?.1),
        }
    }

    async fn put_results(
        &self,
        id: &SessionId,
        results: Vec<(u32, u32, StoredResult)>,
    ) -> Result<Vec<StoredResult>, PortError> {
        let puts =
            results.into_iter().map(|(chunk, index, result)| self.put_result(id, chunk, index, result));
        futures::stream::iter(puts).buffered(AT_ONCE).try_collect().await
    }

    async fn results(&self, id: &SessionId, chunk: u32) -> Result<Vec<(u32, StoredResult)>, PortError> {
        let items = self.table.beginning(chunk_partition(id, chunk), result_item::SORT_PREFIX).await?;
        let mut results: Vec<(u32, StoredResult)> =
            items.iter().map(|item| result_item::decode(id, item)).collect::<Result<_, _>>()?;
        // Already in order, unless indices have more than seven digits.
        results.sort_by_key(|(index, _)| *index);
        Ok(results)
    }

    async fn add_done(
        &self,
        id: &SessionId,
        chunk: u32,
        indices: &BTreeSet<u32>,
    ) -> Result<ChunkDone, PortError> {
        let old = if indices.is_empty() {
            // A table accepts no empty sets.
            self.done(id, chunk).await?
        } else {
            let mut change = ItemChange::default();
            change.add(DONE_SET, numbers(indices));
            let key = key(chunk_partition(id, chunk), DONE);
            match self.table.update(key, change, ReturnValue::UpdatedOld).await? {
                UpdateResult::Applied(old) => done_of(id, chunk, &old)?,
                UpdateResult::Refused(_) => {
                    return Err(PortError::Broken("a change without a condition was refused".to_owned()));
                }
            }
        };
        let new: BTreeSet<u32> = indices.difference(&old).copied().collect();
        let len = u32::try_from(old.len() + new.len()).unwrap_or(u32::MAX);
        Ok(ChunkDone { new, len })
    }

    async fn done(&self, id: &SessionId, chunk: u32) -> Result<BTreeSet<u32>, PortError> {
        let item = self.table.get(key(chunk_partition(id, chunk), DONE)).await?;
        done_of(id, chunk, &item.unwrap_or_default())
    }

    async fn add_progress(
        &self,
        id: &SessionId,
        full_chunks: &BTreeSet<u32>,
        counts: Counts,
        usage: Usage,
    ) -> Result<Option<Session>, PortError> {
        let mut change = ItemChange::default();
        session_item::add_progress(&mut change, full_chunks, counts, usage);
        if change.is_empty() {
            return self.session(id).await;
        }
        let open = change.is_one_of(session_item::STATE, open_states());
        change.require(open);
        Ok(match self.change(id, change).await? {
            TransitionResult::Applied(session) | TransitionResult::Refused(session) => Some(session),
            TransitionResult::NoSession => None,
        })
    }

    async fn record_attempt(
        &self,
        id: &SessionId,
        index: u32,
        attempt: Attempt,
    ) -> Result<Attempt, PortError> {
        let mut item = attempt_key(id, index);
        item.insert(RECEIPT.to_owned(), text(attempt.receipt.as_str()));
        item.insert(AT.to_owned(), time(attempt.at));
        match self.table.put_if_absent(item).await? {
            PutResult::New => Ok(attempt),
            PutResult::Taken(item) => {
                let what = format!("session {id}, attempt of file {index}");
                let reading = ItemReader { item: &item, what: &what };
                Ok(Attempt { receipt: reading.text(RECEIPT)?, at: reading.time(AT)? })
            }
        }
    }

    async fn forget_attempt(&self, id: &SessionId, index: u32, receipt: &str) -> Result<(), PortError> {
        self.table
            .delete(attempt_key(id, index), ItemChange::if_equal(RECEIPT, text(receipt)))
            .await
            .map(drop)
    }

    async fn erase(&self, id: &SessionId, chunks: u32) -> Result<(), PortError> {
        for partition in (0..chunks).map(|chunk| chunk_partition(id, chunk)).chain([attempts_partition(id)]) {
            let items = self.table.query(KeyRange::of(None, PK, partition.as_str())).await?;
            let mut deletes = Vec::with_capacity(items.len());
            for item in &items {
                let sort = ItemReader { item, what: "an item of a session" }.text(SK)?;
                deletes.push(self.table.delete(key(partition.as_str(), sort), ItemChange::default()));
            }
            all(deletes).await?;
        }
        Ok(())
    }

    async fn sessions(
        &self,
        tenant: &str,
        after: Option<&ListedAt>,
        limit: u32,
    ) -> Result<Vec<Session>, PortError> {
        lists::of_tenant(&self.table, tenant, after, limit).await
    }

    async fn open_sessions(&self) -> Result<Vec<SessionId>, PortError> {
        lists::open(&self.table).await
    }
}

impl DynamoLedger {
    /// Changes the session. Returns it as it is after the change, or as it is if the change is refused.
    async fn change(&self, id: &SessionId, change: ItemChange) -> Result<TransitionResult, PortError> {
        Ok(match self.table.update(session_key(id), change, ReturnValue::AllNew).await? {
            UpdateResult::Applied(item) => TransitionResult::Applied(session_of(id, &item)?),
            UpdateResult::Refused(Some(item)) => TransitionResult::Refused(session_of(id, &item)?),
            UpdateResult::Refused(None) => TransitionResult::NoSession,
        })
    }
}

fn done_of(id: &SessionId, chunk: u32, item: &Item) -> Result<BTreeSet<u32>, PortError> {
    let what = format!("session {id}, chunk {chunk}");
    ItemReader { item, what: &what }.numbers(DONE_SET)
}
