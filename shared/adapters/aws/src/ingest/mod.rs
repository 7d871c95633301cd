//! Statements in one table.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `F#{tenant}#{file}` | `FILE` | the file (`file_item`) |
//! | `F#{tenant}#{file}` | `O#{event}` | an event that is still to be announced |
//! | `F#{tenant}#{file}` | `A#{event}` | an event of its audit trail |
//! | `T#{tenant}#{month}#{account}` | `{date}#{identity}#{occurrence}` | a transaction (`row_item`) |
//! | `M#{tenant}` | `{month}#{account}` | that something was stored in this month of the account |
//! | `G#{tenant}` | `{month}#{account}` | its figures |
//!
//! What belongs to one file shares a partition, and no two files do: a tenant's load is spread. So is that of an
//! account, by month. An account is the last part of its key, since it may hold any character; `#` in a tenant is
//! escaped.
//!
//! Two indexes of keys alone, whose attributes never change while an item is in them, so that each bills one write on
//! the way in and one on the way out: `open` has the files that somebody is still to do something about and all that is
//! to be announced, over some shards, since all tenants share it; `listed` has each tenant's files and events by time.
//!
//! A file's change and what it announces are one transaction, as are a batch of rows and the look at who is at work.
//! Everything else is one item, and may be repeated.

mod audit;
mod figures;
mod file_item;
mod files;
mod lists;
mod row_item;
mod transactions;

pub use audit::DynamoAudit;
pub use figures::DynamoFigures;
pub use files::DynamoFiles;
pub use transactions::DynamoTransactions;

use std::borrow::Cow;

use riffle_ports::FileId;

use crate::item::Item;
use crate::table::key;

/// Keys of the index `open`.
const OPEN_SHARD: &str = "open_shard";
/// Keys of the index `listed`.
const LIST: &str = "list";
/// The second key of both: a time as [`sortable`](crate::item::sortable), then an id.
const LISTED_AT: &str = "listed_at";

const FILE: &str = "FILE";

/// A tenant as a part of keys.
fn own(tenant: &str) -> Cow<'_, str> {
    if tenant.contains(['%', '#']) {
        Cow::Owned(tenant.replace('%', "%25").replace('#', "%23"))
    } else {
        Cow::Borrowed(tenant)
    }
}

fn file_partition(tenant: &str, file: &FileId) -> String {
    format!("F#{}#{file}", own(tenant))
}

fn file_key(tenant: &str, file: &FileId) -> Item {
    key(file_partition(tenant, file), FILE)
}
