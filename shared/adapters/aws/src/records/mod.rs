//! Records of work in `RECORDS_TABLE`, for all flows, each with its outbox and its audit trail.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `R#{flow}#{tenant}#{id}` | `RECORD` | the record (`record_item`), in the first of its lists |
//! | `R#{flow}#{tenant}#{id}` | `L#{list}` | the record's entry in a further list |
//! | `R#{flow}#{tenant}#{id}` | `O#{event}` | an event that is still to be published |
//! | `R#{flow}#{tenant}#{id}` | `A#{event}` | an event of its audit trail |
//!
//! All items of one record share a partition, and no two records share one, so a tenant's load is spread. `#` in a
//! tenant is escaped; flow names contain none. Statements keep their transactions and figures in the same table
//! (`statements`), so that one DynamoDB transaction can store rows and check the lease of the file.
//!
//! Two indexes of keys alone, whose attributes seldom change while an item is in them, so that most records bill one
//! index write when they enter and one when they leave:
//!
//! | index | keys | has |
//! |---|---|---|
//! | `open` | `open_shard` = `R#{flow}#{shard}`, `listed_at` | open records, by creation time |
//! | `open` | `open_shard` = `O#{flow}#{shard}`, `listed_at` | the outbox, by the time it was stored |
//! | `listed` | `list` = `R#{flow}#{tenant}#{list}`, `listed_at` | the records of a list |
//! | `listed` | `list` = `A#{tenant}`, `listed_at` | a tenant's audit trail |
//!
//! All tenants share the index `open`, so it is spread over several shards. `listed_at` is a time as
//! [`sortable`](crate::item::sortable), then an id.
//!
//! A record, its lists and its events are written in one DynamoDB transaction, or in one put if there is only the
//! record. Everything else is one item, and may be repeated. `expires_at` removes a record and its lists.

mod audit;
mod lists;
mod record_item;
mod store;

pub use audit::DynamoAudit;
pub use store::DynamoRecords;

pub(crate) use record_item::if_held;

use std::borrow::Cow;

use riffle_ports::Subject;

use crate::item::Item;
use crate::table::key;

/// The partition key of the index `open`.
const OPEN_SHARD: &str = "open_shard";
/// The partition key of the index `listed`.
const LIST: &str = "list";
/// The sort key of both indexes.
const LISTED_AT: &str = "listed_at";

const RECORD: &str = "RECORD";

/// Returns a tenant as a part of keys, escaped.
pub(crate) fn own(tenant: &str) -> Cow<'_, str> {
    if tenant.contains(['%', '#']) {
        Cow::Owned(tenant.replace('%', "%25").replace('#', "%23"))
    } else {
        Cow::Borrowed(tenant)
    }
}

fn partition(tenant: &str, subject: &Subject) -> String {
    format!("R#{}#{}#{}", subject.flow, own(tenant), subject.id)
}

pub(crate) fn record_key(tenant: &str, subject: &Subject) -> Item {
    key(partition(tenant, subject), RECORD)
}
