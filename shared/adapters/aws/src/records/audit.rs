//! The audit trail: beside the record it is of, and listed by time.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, PortError, Subject};

use super::lists::{LISTED, Stretch, beginning, behind, fetch, moment, page};
use super::record_item::at;
use super::{LIST, LISTED_AT, own, partition};
use crate::change::Change;
use crate::item::{Item, Reading, text, time};
use crate::packed::long;
use crate::table::{Stored, Table, all, key};

const EVENT_PREFIX: &str = "A#";
const TENANT: &str = "tn";
const FLOW: &str = "fl";
const SUBJECT: &str = "su";
const ID: &str = "id";
const TYPE: &str = "ty";
const AT: &str = "at";
const EVENT: &str = "ev";

/// The trail in `RECORDS_TABLE`. An event is one item by its id, whatever time it is told with.
///
/// Where the answer to [`append`](AuditTrail::append) is lost, the SDK asks again and finds its own: an event may then
/// be new to nobody.
#[derive(Debug, Clone)]
pub struct DynamoAudit {
    table: Table,
}

impl DynamoAudit {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }
}

#[async_trait]
impl AuditTrail for DynamoAudit {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        Ok(matches!(self.table.put_if_absent(encode(&entry)).await?, Stored::New))
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        let items = beginning(&self.table, partition(tenant, subject), EVENT_PREFIX).await?;
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
        let after = after.map(|(time, id)| behind(&at(*time, id)));
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
            self.table.delete(key, Change::default())
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

fn encode(entry: &AuditEntry) -> Item {
    let mut item = entry_key(&entry.tenant, &entry.subject, &entry.event_id);
    for (name, value) in [
        (LIST, text(events_of(&entry.tenant))),
        (LISTED_AT, text(at(entry.at, &entry.event_id))),
        (TENANT, text(entry.tenant.as_str())),
        (FLOW, text(entry.subject.flow.as_str())),
        (SUBJECT, text(entry.subject.id.as_str())),
        (ID, text(entry.event_id.as_str())),
        (TYPE, text(entry.event_type.as_str())),
        (AT, time(entry.at)),
        (EVENT, long(&entry.event)),
    ] {
        item.insert(name.to_owned(), value);
    }
    item
}

fn decode(item: &Item) -> Result<AuditEntry, PortError> {
    let reading = Reading { item, what: "an event of the audit trail" };
    Ok(AuditEntry {
        tenant: reading.text(TENANT)?,
        subject: Subject { flow: reading.text(FLOW)?, id: reading.text(SUBJECT)? },
        event_id: reading.text(ID)?,
        event_type: reading.text(TYPE)?,
        at: reading.time(AT)?,
        event: reading.long(EVENT)?,
    })
}
