//! The audit trail: next to its record, and listed by time.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, PortError, Subject};

use super::lists::{LISTED, Stretch, behind, fetch, moment, page};
use super::record_item::sort_key;
use super::{LIST, LISTED_AT, own, partition};
use crate::change::ItemChange;
use crate::compression::long;
use crate::item::{Item, ItemReader, text};
use crate::table::{PutResult, Table, all, key};

const EVENT_PREFIX: &str = "A#";
/// The whole entry, as JSON.
const ENTRY: &str = "en";

/// The trail in `RECORDS_TABLE`. An event is one item by its id, whatever its time.
///
/// If the answer to [`append`](AuditTrail::append) is lost, the SDK sends the put again and finds its own item: then no
/// call reports the event as new.
#[derive(Debug, Clone)]
pub struct DynamoAudit {
    pub(crate) table: Table,
}

#[async_trait]
impl AuditTrail for DynamoAudit {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        Ok(matches!(self.table.put_if_absent(encode(&entry)?).await?, PutResult::New))
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        let items = self.table.beginning(partition(tenant, subject), EVENT_PREFIX).await?;
        let mut entries: Vec<AuditEntry> = items.iter().map(decode).collect::<Result<_, _>>()?;
        entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
        Ok(entries)
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        let after = after.map(|(time, id)| behind(&sort_key(*time, id)));
        let stretch = Stretch {
            partition: events_of(tenant),
            from: after.into_iter().chain([moment(from)]).max(),
            to: Some(moment(to)),
            newest_first: false,
        };
        let (keys, _) = page(&self.table, LISTED, stretch, limit as usize).await?;
        fetch(&self.table, keys).await?.iter().map(decode).collect()
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        let kept = self.of_subject(tenant, subject).await?;
        let gone = kept.iter().filter(|entry| !keep.contains(&entry.event_id));
        let gone = gone.map(|entry| {
            let key = entry_key(tenant, subject, &entry.event_id);
            self.table.delete(key, ItemChange::default())
        });
        all(gone.collect()).await
    }
}

fn entry_key(tenant: &str, subject: &Subject, event: &str) -> Item {
    key(partition(tenant, subject), format!("{EVENT_PREFIX}{event}"))
}

fn events_of(tenant: &str) -> String {
    format!("A#{}", own(tenant))
}

fn encode(entry: &AuditEntry) -> Result<Item, PortError> {
    let json = serde_json::to_string(entry);
    let json = json.map_err(|error| PortError::Broken(format!("event {}: {error}", entry.event_id)))?;
    let mut item = entry_key(&entry.tenant, &entry.subject, &entry.event_id);
    item.insert(LIST.to_owned(), text(events_of(&entry.tenant)));
    item.insert(LISTED_AT.to_owned(), text(sort_key(entry.at, &entry.event_id)));
    item.insert(ENTRY.to_owned(), long(&json));
    Ok(item)
}

fn decode(item: &Item) -> Result<AuditEntry, PortError> {
    ItemReader { item, what: "an event of the audit trail" }.json(ENTRY)
}
