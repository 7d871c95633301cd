//! The record store on one table.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Outgoing, PortError, Record, RecordCursor, RecordStore, Replaced, Subject};

use super::lists::{LISTED, OPEN, Stretch, behind, fetch, moment, page};
use super::record_item::{
    additional_item, additional_key, additional_lists, decode, encode, if_unchanged, list_of, listed_at,
    shard, shards, sort_key,
};
use super::{LISTED_AT, OPEN_SHARD, RECORD, partition, record_key};
use crate::change::ItemChange;
use crate::compression::long;
use crate::item::{Item, ItemReader, text};
use crate::table::{PK, Table, UpdateResult, all, key};
use crate::transact::{TransactStep, Transacted};

/// Items requested at once where some may not qualify.
const PAGE: usize = 100;

const OUTBOX: &str = "O#";
const OUTGOING: &str = "og";

/// The records of all flows.
///
/// If the answer to a put is lost, the SDK sends it again and the put is refused because of its own effect. A
/// transaction is identified by its token, and a repeat answers as the first time.
#[derive(Debug, Clone)]
pub struct DynamoRecords {
    pub(crate) table: Table,
}

impl DynamoRecords {
    /// Stores the record, and everything that goes with it, if `condition` holds of the stored one. Otherwise returns
    /// the stored one, if it exists.
    async fn write(
        &self,
        record: &Record,
        condition: ItemChange,
        others: Vec<TransactStep>,
        announce: &[Outgoing],
    ) -> Result<Result<(), Option<Item>>, PortError> {
        let item = encode(record)?;
        if others.is_empty() && announce.is_empty() {
            return Ok(match self.table.put_if(item, condition).await? {
                UpdateResult::Applied(_) => Ok(()),
                UpdateResult::Refused(found) => Err(found),
            });
        }
        let mut steps = vec![TransactStep::Put(item, condition)];
        steps.extend(others);
        for event in announce {
            steps.push(TransactStep::Put(outbox_item(event, record.changed_at)?, ItemChange::default()));
        }
        Ok(match self.table.transact(steps).await? {
            Transacted::Done => Ok(()),
            Transacted::Refused(_, found) => Err(found),
        })
    }

    /// Returns items of the index `open`, of all tenants, that `read` accepts, shard by shard.
    async fn old<T>(
        &self,
        shards: impl Iterator<Item = String>,
        before: DateTime<Utc>,
        limit: u32,
        read: impl Fn(&Item) -> Result<Option<T>, PortError>,
    ) -> Result<Vec<T>, PortError> {
        let (limit, mut found) = (limit as usize, Vec::new());
        for partition in shards {
            let mut from = None;
            while found.len() < limit {
                let stretch = Stretch {
                    partition: partition.clone(),
                    from,
                    to: Some(moment(before)),
                    newest_first: false,
                };
                let (keys, last) = page(&self.table, OPEN, stretch, (limit - found.len()).min(PAGE)).await?;
                for item in fetch(&self.table, keys).await? {
                    found.extend(read(&item)?);
                }
                let Some(last) = last else { break };
                from = Some(behind(&last));
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl RecordStore for DynamoRecords {
    async fn create(&self, record: Record, announce: &[Outgoing]) -> Result<Option<Record>, PortError> {
        record.check_is_first()?;
        let lists = additional_lists(&record).iter();
        let lists = lists
            .map(|list| TransactStep::Put(additional_item(&record, list), ItemChange::default()))
            .collect();
        match self.write(&record, ItemChange::if_absent(PK), lists, announce).await? {
            Ok(()) => Ok(None),
            Err(Some(taken)) => decode(&taken).map(Some),
            Err(None) => {
                Err(PortError::Broken(format!("{}: refused, although it does not exist", record.subject)))
            }
        }
    }

    async fn get(&self, tenant: &str, subject: &Subject) -> Result<Option<Record>, PortError> {
        self.table.get(record_key(tenant, subject)).await?.map(|item| decode(&item)).transpose()
    }

    async fn replace(
        &self,
        seen: &Record,
        next: Record,
        announce: &[Outgoing],
    ) -> Result<Replaced, PortError> {
        next.check_follows(seen)?;
        let (before, after) = (additional_lists(seen), additional_lists(&next));
        let left = before.iter().filter(|list| !after.contains(list));
        let mut lists: Vec<TransactStep> = left
            .map(|list| TransactStep::Delete(additional_key(seen, list), ItemChange::default()))
            .collect();
        let stays = |list: &&String| before.contains(list) && seen.expires_at == next.expires_at;
        let entered = after.iter().filter(|list| !stays(list));
        lists.extend(
            entered.map(|list| TransactStep::Put(additional_item(&next, list), ItemChange::default())),
        );
        match self.write(&next, if_unchanged(seen), lists, announce).await? {
            Ok(()) => Ok(Replaced::Done),
            Err(Some(current)) => decode(&current).map(Replaced::Conflict),
            Err(None) => Ok(Replaced::Missing),
        }
    }

    async fn list(
        &self,
        flow: &str,
        tenant: &str,
        list: &str,
        after: Option<&RecordCursor>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        let (limit, mut to, mut listed) = (limit as usize, after.map(listed_at), Vec::new());
        while listed.len() < limit {
            let partition = list_of(flow, tenant, list);
            let stretch = Stretch { partition, to, newest_first: true, ..Stretch::default() };
            let (keys, end) = page(&self.table, LISTED, stretch, limit - listed.len()).await?;
            let keys = keys.into_iter().map(|(partition, _)| (partition, RECORD.to_owned()));
            for item in fetch(&self.table, keys.collect()).await? {
                let record = decode(&item)?;
                // The index may still show a record that has left the list.
                if record.listed_by.iter().any(|of| of == list) {
                    listed.push(record);
                }
            }
            if end.is_none() {
                break;
            }
            to = end;
        }
        Ok(listed)
    }

    async fn open_before(
        &self,
        flow: &str,
        state: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Record>, PortError> {
        // The index is sorted by the creation time, which never changes; a record cannot have been changed before it
        // was created.
        let old = |item: &Item| {
            let record = decode(item)?;
            Ok(Some(record)
                .filter(|record| record.open && record.state == state && record.changed_at < before))
        };
        self.old(shards('R', flow), before, limit, old).await
    }

    async fn outbox_of(&self, tenant: &str, subject: &Subject) -> Result<Vec<Outgoing>, PortError> {
        let items = self.table.beginning(partition(tenant, subject), OUTBOX).await?;
        items.iter().map(outgoing).collect()
    }

    async fn outbox(
        &self,
        flow: &str,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Outgoing>, PortError> {
        self.old(shards('O', flow), before, limit, |item| outgoing(item).map(Some)).await
    }

    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError> {
        let gone = events.iter().map(|event| self.table.delete(outbox_key(event), ItemChange::default()));
        all(gone.collect()).await
    }
}

fn outbox_key(event: &Outgoing) -> Item {
    key(partition(&event.tenant, &event.subject), format!("{OUTBOX}{}", event.event_id))
}

fn outbox_item(event: &Outgoing, since: DateTime<Utc>) -> Result<Item, PortError> {
    let json = serde_json::to_string(event);
    let json = json.map_err(|error| PortError::Broken(format!("event {}: {error}", event.event_id)))?;
    let mut item = outbox_key(event);
    item.insert(OPEN_SHARD.to_owned(), text(shard('O', &event.subject.flow, &event.event_id)));
    item.insert(LISTED_AT.to_owned(), text(sort_key(since, &event.event_id)));
    item.insert(OUTGOING.to_owned(), long(&json));
    Ok(item)
}

fn outgoing(item: &Item) -> Result<Outgoing, PortError> {
    ItemReader { item, what: "an event to be published" }.json(OUTGOING)
}
