//! A file as an item: the whole of it as JSON, and beside it what conditions and indexes go by.

use aws_sdk_dynamodb::types::AttributeValue;
use riffle_ports::{File, FileListedAt, FileState, PortError};

use super::{LIST, LISTED_AT, OPEN_SHARD, file_key, own};
use crate::item::{Item, Reading, number, sortable, text};
use crate::packed::long;

/// Read by transactions: see [`at_work`](super::transactions).
pub(super) const STATE: &str = "st";
pub(super) const TOKEN: &str = "tk";
pub(super) const REVISION: &str = "rv";
const RECORD: &str = "rc";

/// Over so many the index `open` is spread: each takes a thousand writes a second.
pub(super) const SHARDS: u32 = 16;

pub(super) fn encode(file: &File) -> Result<Item, PortError> {
    let record = serde_json::to_string(file);
    let record = record.map_err(|error| PortError::Broken(format!("file {}: {error}", file.id)))?;
    let mut item = file_key(&file.tenant, &file.id);
    item.insert(LIST.to_owned(), text(files_of(&file.tenant)));
    item.insert(LISTED_AT.to_owned(), text(listed_at(&FileListedAt::from(file))));
    if file.is_open() {
        item.insert(OPEN_SHARD.to_owned(), text(shard('F', &file.id.0)));
    }
    item.insert(STATE.to_owned(), state(file.state));
    if let Some(lease) = &file.lease {
        item.insert(TOKEN.to_owned(), text(lease.token.as_str()));
    }
    item.insert(REVISION.to_owned(), number(file.revision));
    item.insert(RECORD.to_owned(), long(&record));
    Ok(item)
}

pub(super) fn decode(item: &Item) -> Result<File, PortError> {
    let record = Reading { item, what: "a file" }.long(RECORD)?;
    serde_json::from_str(&record).map_err(|error| PortError::Broken(format!("the record of a file: {error}")))
}

pub(super) fn files_of(tenant: &str) -> String {
    format!("F#{}", own(tenant))
}

pub(super) fn listed_at(listed: &FileListedAt) -> String {
    format!("{}{}", sortable(listed.received_at), listed.id)
}

pub(super) fn state(state: FileState) -> AttributeValue {
    text(match state {
        FileState::Received => "received",
        FileState::Processing => "processing",
        FileState::Processed => "processed",
        FileState::Review => "review",
        FileState::Rejected => "rejected",
        FileState::Failed => "failed",
        FileState::Deleting => "deleting",
        FileState::Deleted => "deleted",
    })
}

/// Where `id` stands in the index `open`, among those of one `kind`.
pub(super) fn shard(kind: char, id: &str) -> String {
    let sum = id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("{kind}{:x}", sum % SHARDS)
}

/// All of one `kind`.
pub(super) fn shards(kind: char) -> impl Iterator<Item = String> {
    (0..SHARDS).map(move |nth| format!("{kind}{nth:x}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn shards_are_used_alike() {
        let mut used: BTreeMap<String, u32> = shards('F').map(|shard| (shard, 0)).collect();
        for nth in 0..1_600_u64 {
            let id = format!("{:016x}", nth.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            *used.get_mut(&shard('F', &id)).expect("one of them") += 1;
        }
        assert!(used.values().all(|count| (50..200).contains(count)), "{used:?}");
    }
}
