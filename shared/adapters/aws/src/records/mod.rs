//! Records of work in `RECORDS_TABLE`, for all flows, each with its outbox and its audit trail.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `R#{flow}#{tenant}#{id}` | `RECORD` | the record (`record_item`), in the first of its lists |
//! | `R#{flow}#{tenant}#{id}` | `L#{list}` | that it stands in a further list |
//! | `R#{flow}#{tenant}#{id}` | `O#{event}` | an event that is still to be published |
//! | `R#{flow}#{tenant}#{id}` | `A#{event}` | an event of its audit trail |
//!
//! What belongs to one record shares a partition, and no two records do: a tenant's load is spread. `#` in a tenant is
//! escaped; flows have none. Statements keep their transactions and figures in the same table (`statements`), so that
//! one DynamoDB transaction can store rows and check who holds the file.
//!
//! Two indexes of keys alone, whose attributes seldom change while an item is in them, so that most records bill one
//! write on the way in and one on the way out:
//!
//! | index | keys | has |
//! |---|---|---|
//! | `open` | `open_shard` = `R#{flow}#{shard}`, `listed_at` | open records, by the time they were created |
//! | `open` | `open_shard` = `O#{flow}#{shard}`, `listed_at` | the outbox, by the time it was stored |
//! | `listed` | `list` = `R#{flow}#{tenant}#{list}`, `listed_at` | the records of a list |
//! | `listed` | `list` = `A#{tenant}`, `listed_at` | a tenant's audit trail |
//!
//! All tenants share the first, so it is spread over some shards. `listed_at` is a time as
//! [`sortable`](crate::item::sortable), then an id.
//!
//! A record, its lists and what it announces are written in one DynamoDB transaction, or in one put where there is
//! nothing but the record. Everything else is one item, and may be repeated. `expires_at` removes a record and its
//! lists.

mod audit;
mod lists;
mod record_item;
mod store;

pub use audit::DynamoAudit;
pub use store::DynamoRecords;

pub(crate) use record_item::held;

use std::borrow::Cow;

use riffle_ports::Subject;

use crate::item::Item;
use crate::table::key;

/// The first key of the index `open`.
const OPEN_SHARD: &str = "open_shard";
/// The first key of the index `listed`.
const LIST: &str = "list";
/// The second key of both.
const LISTED_AT: &str = "listed_at";

const RECORD: &str = "RECORD";

/// A tenant as a part of keys.
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
