//! The books of uploaded files.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    Changed, File, FileChange, FileId, FileLedger, FileListedAt, FileState, Outgoing, PortError,
};

use super::file_item::{REVISION, decode, encode, files_of, listed_at, shard, shards};
use super::lists::{LISTED, OPEN, Stretch, beginning, behind, moment, named};
use super::{LISTED_AT, OPEN_SHARD, file_key, file_partition};
use crate::change::Change;
use crate::item::{Item, Reading, number, sortable, text};
use crate::packed::long;
use crate::table::{self, Stored, Table, all, key};
use crate::transact::{Step, Transacted};

/// Tries of a change that meets others: each time somebody else has made one.
const TRIES: u32 = 16;
/// Items asked for at once where some will not do.
const PAGE: usize = 100;

const OUTBOX: &str = "O#";
const OUTGOING: &str = "og";

/// The ledger in `INGEST_TABLE`.
///
/// A change is made by [`File::apply`] on what was read, and stored if the revision is still the one that was read.
/// Where the answer to that is lost, the SDK asks again, is refused, and what is found is what was to be stored: the
/// change was made.
#[derive(Debug, Clone)]
pub struct DynamoFiles {
    table: Table,
}

impl DynamoFiles {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// `next` in the place of `seen`, with what it announces. The file as it is, if it is not `seen` any more.
    async fn replace(
        &self,
        seen: &File,
        next: &File,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Option<Item>, PortError> {
        let mut unchanged = Change::default();
        let same = unchanged.compare(REVISION, "=", number(seen.revision));
        unchanged.require(same);
        let item = encode(next)?;
        let refused = if announce.is_empty() {
            match self.table.put_if(item, unchanged).await? {
                table::Changed::Applied(_) => return Ok(None),
                table::Changed::Refused(found) => found,
            }
        } else {
            let mut steps = vec![Step::Put(item, unchanged)];
            for event in announce {
                steps.push(Step::Put(outbox_item(event, now)?, Change::default()));
            }
            match self.table.transact(steps).await? {
                Transacted::Done => return Ok(None),
                Transacted::Refused(_, found) => found,
            }
        };
        let gone = || PortError::Broken(format!("file {} is gone from the table", seen.id));
        refused.map(Some).ok_or_else(gone)
    }

    /// What may stand in the way of everybody: open files or events that are not announced, by shards.
    async fn old<T>(
        &self,
        kind: char,
        before: DateTime<Utc>,
        limit: u32,
        read: impl Fn(&Item) -> Result<Option<T>, PortError>,
    ) -> Result<Vec<T>, PortError> {
        let (limit, mut all) = (limit as usize, Vec::new());
        for partition in shards(kind) {
            let mut from = None;
            while all.len() < limit {
                let stretch = Stretch {
                    partition: partition.clone(),
                    from,
                    to: Some(moment(before)),
                    newest_first: false,
                };
                let (items, last) = named(&self.table, OPEN, stretch, (limit - all.len()).min(PAGE)).await?;
                for item in &items {
                    all.extend(read(item)?);
                }
                let Some(last) = last else { break };
                from = Some(behind(&last));
            }
        }
        Ok(all)
    }
}

#[async_trait]
impl FileLedger for DynamoFiles {
    async fn create(&self, file: File) -> Result<Option<File>, PortError> {
        match self.table.put_if_absent(encode(&file)?).await? {
            Stored::New => Ok(None),
            Stored::Taken(item) => decode(&item).map(Some),
        }
    }

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError> {
        self.table.get(file_key(tenant, id)).await?.map(|item| decode(&item)).transpose()
    }

    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError> {
        let Some(mut seen) = self.file(tenant, id).await? else { return Ok(Changed::NoFile) };
        for _ in 0..TRIES {
            let next = match seen.apply(&change, now) {
                Ok(next) => next,
                Err(why) => return Ok(Changed::Refused(seen, why)),
            };
            let Some(found) = self.replace(&seen, &next, now, announce).await? else {
                return Ok(Changed::Applied(next));
            };
            seen = decode(&found)?;
            // Its own effect, where the answer was lost. A transaction knows its own by its token: what looks like it is
            // somebody else's.
            if announce.is_empty() && seen == next {
                return Ok(Changed::Applied(next));
            }
        }
        Err(PortError::Unavailable(format!("file {id}: others change it all the time")))
    }

    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        let stretch = Stretch {
            partition: files_of(tenant),
            to: after.map(listed_at),
            newest_first: true,
            ..Stretch::default()
        };
        let (items, _) = named(&self.table, LISTED, stretch, limit as usize).await?;
        items.iter().map(decode).collect()
    }

    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError> {
        // The index goes by when a file was received, which never changes: none was changed before that.
        let old = |item: &Item| {
            let file = decode(item)?;
            Ok(Some(file).filter(|file| file.state == state && file.changed_at < before))
        };
        self.old('F', before, limit, old).await
    }

    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError> {
        let items = beginning(&self.table, file_partition(tenant, id), OUTBOX).await?;
        items.iter().map(outgoing).collect()
    }

    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError> {
        self.old('O', before, limit, |item| outgoing(item).map(Some)).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let gone = events.iter().map(|event| self.table.delete(outbox_key(event), Change::default()));
        all(gone.collect()).await
    }
}

fn outbox_key(event: &Outgoing) -> Item {
    key(file_partition(&event.tenant, &event.file), format!("{OUTBOX}{}", event.event_id))
}

fn outbox_item(event: &Outgoing, since: DateTime<Utc>) -> Result<Item, PortError> {
    let json = serde_json::to_string(event);
    let json = json.map_err(|error| PortError::Broken(format!("event {}: {error}", event.event_id)))?;
    let mut item = outbox_key(event);
    item.insert(OPEN_SHARD.to_owned(), text(shard('O', &event.event_id)));
    item.insert(LISTED_AT.to_owned(), text(format!("{}{}", sortable(since), event.event_id)));
    item.insert(OUTGOING.to_owned(), long(&json));
    Ok(item)
}

fn outgoing(item: &Item) -> Result<Outgoing, PortError> {
    let json = Reading { item, what: "an event to be announced" }.long(OUTGOING)?;
    serde_json::from_str(&json)
        .map_err(|error| PortError::Broken(format!("an event to be announced: {error}")))
}
