//! Sessions by index. Indexes are eventually consistent, so only the ids come from an index and the sessions are read
//! from the table.

use std::collections::HashMap;

use riffle_ports::{ListedAt, PortError, Session, SessionId};

use super::session_item::{LISTED_AT, OPEN_SHARD, SHARD, TENANT, listed_at, session_of};
use super::session_key;
use crate::item::{Item, ItemReader};
use crate::table::{KeyRange, PK, Table};

const BY_TENANT: &str = "tenant";
const OPEN: &str = "open";

pub(super) async fn of_tenant(
    table: &Table,
    tenant: &str,
    after: Option<&ListedAt>,
    limit: u32,
) -> Result<Vec<Session>, PortError> {
    let mut part = KeyRange::of(Some(BY_TENANT), TENANT, tenant);
    if let Some(after) = after {
        part = part.and(LISTED_AT, "<", listed_at(after));
    }
    let part = KeyRange { descending: true, limit: Some(limit as usize), ..part };
    let ids = ids(&table.query(part).await?)?;
    let items = table.get_all(ids.iter().map(session_key).collect()).await?;
    let mut sessions = HashMap::new();
    for item in &items {
        let id = id(item)?;
        sessions.insert(id.clone(), session_of(&id, item)?);
    }
    // In the order of the index; the batch read returns them in no order.
    Ok(ids.iter().filter_map(|id| sessions.remove(id)).collect())
}

pub(super) async fn open(table: &Table) -> Result<Vec<SessionId>, PortError> {
    ids(&table.query(KeyRange::of(Some(OPEN), OPEN_SHARD, SHARD)).await?)
}

fn ids(items: &[Item]) -> Result<Vec<SessionId>, PortError> {
    items.iter().map(id).collect()
}

fn id(item: &Item) -> Result<SessionId, PortError> {
    let pk = ItemReader { item, what: "a listed session" }.text(PK)?;
    let id = pk
        .strip_prefix("S#")
        .ok_or_else(|| PortError::Broken(format!("{pk} is not the key of a session")))?;
    Ok(SessionId(id.to_owned()))
}
