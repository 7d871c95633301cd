//! A record as an item: the whole record as JSON, plus the attributes that conditions and indexes use.

use chrono::{DateTime, Utc};
use riffle_ports::{PortError, Record, RecordCursor};

use super::{LIST, LISTED_AT, OPEN_SHARD, own, partition, record_key};
use crate::change::ItemChange;
use crate::compression::long;
use crate::item::{Item, ItemReader, number, sortable, text};
use crate::table::{EXPIRES_AT, key};

/// The state and token are read by conditions: see [`if_held`].
const STATE: &str = "st";
const TOKEN: &str = "tk";
const REVISION: &str = "rv";
const RECORD: &str = "rc";

/// Number of shards of the index `open`: each takes a thousand writes a second.
const SHARDS: u32 = 16;

pub(super) fn encode(record: &Record) -> Result<Item, PortError> {
    let json = serde_json::to_string(record);
    let json = json.map_err(|error| PortError::Broken(format!("{}: {error}", record.subject)))?;
    let Record { subject, tenant, .. } = record;
    let mut item = record_key(tenant, subject);
    let mut set = |name: &str, value| item.insert(name.to_owned(), value);
    if let Some(list) = record.listed_by.first() {
        set(LIST, text(list_of(&subject.flow, tenant, list)));
    }
    if record.open {
        set(OPEN_SHARD, text(shard('R', &subject.flow, &subject.id)));
    }
    set(LISTED_AT, text(listed_at(&RecordCursor::from(record))));
    set(STATE, text(record.state.as_str()));
    if let Some(lease) = &record.lease {
        set(TOKEN, text(lease.token.as_str()));
    }
    set(REVISION, number(record.revision));
    set(RECORD, long(&json));
    expire(&mut item, record);
    Ok(item)
}

pub(super) fn decode(item: &Item) -> Result<Record, PortError> {
    ItemReader { item, what: "a record" }.json(RECORD)
}

/// Requires that the stored record has the revision of `seen`.
pub(super) fn if_unchanged(seen: &Record) -> ItemChange {
    ItemChange::if_equal(REVISION, number(seen.revision))
}

/// Requires that the record is in `state` and its lease has `token`.
pub(crate) fn if_held(state: &str, token: &str) -> ItemChange {
    let mut condition = ItemChange::if_equal(STATE, text(state));
    condition.require_that(TOKEN, "=", text(token));
    condition
}

/// Returns the lists after the first. The first list is an attribute of the record's item; each other list has its own
/// item.
pub(super) fn additional_lists(record: &Record) -> &[String] {
    record.listed_by.get(1..).unwrap_or_default()
}

pub(super) fn additional_key(record: &Record, list: &str) -> Item {
    key(partition(&record.tenant, &record.subject), format!("L#{list}"))
}

/// Returns the item that puts the record in this list, too.
pub(super) fn additional_item(record: &Record, list: &str) -> Item {
    let mut item = additional_key(record, list);
    item.insert(LIST.to_owned(), text(list_of(&record.subject.flow, &record.tenant, list)));
    item.insert(LISTED_AT.to_owned(), text(listed_at(&RecordCursor::from(record))));
    expire(&mut item, record);
    item
}

fn expire(item: &mut Item, record: &Record) {
    if let Some(time) = record.expires_at {
        item.insert(EXPIRES_AT.to_owned(), number(time.timestamp() + 1));
    }
}

pub(super) fn list_of(flow: &str, tenant: &str, list: &str) -> String {
    format!("R#{flow}#{}#{list}", own(tenant))
}

pub(super) fn listed_at(cursor: &RecordCursor) -> String {
    sort_key(cursor.created_at, &cursor.id)
}

pub(super) fn sort_key(time: DateTime<Utc>, id: &str) -> String {
    format!("{}{id}", sortable(time))
}

/// Returns the partition of `id` in the index `open`, among those of one `kind` and flow.
pub(super) fn shard(kind: char, flow: &str, id: &str) -> String {
    let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("{kind}#{flow}#{:x}", sum % SHARDS)
}

/// Returns all partitions of one `kind` and flow.
pub(super) fn shards(kind: char, flow: &str) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |nth| format!("{kind}#{flow}#{nth:x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn ids_spread_evenly_over_shards() {
        let mut used: BTreeMap<String, u32> = shards('R', "f").map(|shard| (shard, 0)).collect();
        for nth in 0..1_600_u64 {
            let id = format!("{:016x}", nth.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            *used.get_mut(&shard('R', "f", &id)).expect("one of them") += 1;
        }
        assert!(used.values().all(|count| (50..200).contains(count)), "{used:?}");
    }
}
