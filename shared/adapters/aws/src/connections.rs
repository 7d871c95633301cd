//! Connections and the sessions they listen to.
//!
//! | partition | sort | holds |
//! |---|---|---|
//! | `C#{connection}` | `CONNECTION` | the connection |
//! | `C#{connection}` | `L#{session}` | the connection's subscription to the session: used by [`remove`] |
//! | `L#{session}` | `{connection}` | the same subscription: used by [`subscribers`] |
//!
//! No transaction covers these items. The connection's item of a subscription is written before the session's, so that
//! [`remove`] finds every subscription; and [`subscribe`] checks again afterwards that the connection still exists, so
//! that a connection that closes meanwhile does not stay listed. The table's expiry removes any leftovers.
//!
//! [`remove`]: ConnectionRegistry::remove
//! [`subscribers`]: ConnectionRegistry::subscribers
//! [`subscribe`]: ConnectionRegistry::subscribe

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Connection, ConnectionRegistry, PortError, SessionId};

use crate::change::ItemChange;
use crate::item::{Item, ItemReader, number, text, time};
use crate::table::{EXPIRES_AT, KeyRange, PK, SK, Table, all, key};

/// API Gateway closes every connection after two hours.
const LIFE: TimeDelta = TimeDelta::hours(3);

const CONNECTION: &str = "CONNECTION";
const TENANT: &str = "tenant";
const CONNECTED_AT: &str = "connected_at";

/// The connections in `CONNECTIONS_TABLE`.
#[derive(Debug, Clone)]
pub struct DynamoConnections {
    pub(crate) table: Table,
}

impl DynamoConnections {
    /// Returns the sort keys of one partition.
    async fn sort_keys(&self, pk: String) -> Result<Vec<String>, PortError> {
        let items = self.table.query(KeyRange::of(None, PK, pk)).await?;
        items.iter().map(|item| ItemReader { item, what: "a connection" }.text(SK)).collect()
    }

    async fn forget(&self, key: Item) -> Result<(), PortError> {
        self.table.delete(key, ItemChange::default()).await.map(drop)
    }

    /// Deletes the session's item first, then the connection's, by which [`remove`](ConnectionRegistry::remove) finds
    /// it.
    async fn unsubscribe(&self, session: &str, connection: &str) -> Result<(), PortError> {
        self.forget(listener_key(session, connection)).await?;
        self.forget(listens_key(connection, session)).await
    }
}

fn partition(connection: &str) -> String {
    format!("C#{connection}")
}

fn listens_key(connection: &str, session: &str) -> Item {
    key(partition(connection), format!("L#{session}"))
}

fn listener_key(session: &str, connection: &str) -> Item {
    key(format!("L#{session}"), connection)
}

/// Sets the time after which the table may remove an item of a connection.
fn expiring(mut item: Item, connected_at: DateTime<Utc>) -> Item {
    item.insert(EXPIRES_AT.to_owned(), number((connected_at + LIFE).timestamp()));
    item
}

#[async_trait]
impl ConnectionRegistry for DynamoConnections {
    async fn add(&self, connection: Connection) -> Result<(), PortError> {
        let mut item = expiring(key(partition(&connection.id), CONNECTION), connection.connected_at);
        item.insert(TENANT.to_owned(), text(connection.tenant));
        item.insert(CONNECTED_AT.to_owned(), time(connection.connected_at));
        self.table.put(item).await
    }

    async fn get(&self, id: &str) -> Result<Option<Connection>, PortError> {
        let Some(item) = self.table.get(key(partition(id), CONNECTION)).await? else {
            return Ok(None);
        };
        let reading = ItemReader { item: &item, what: "a connection" };
        let (tenant, connected_at) = (reading.text(TENANT)?, reading.time(CONNECTED_AT)?);
        Ok(Some(Connection { id: id.to_owned(), tenant, connected_at }))
    }

    async fn remove(&self, id: &str) -> Result<(), PortError> {
        // The connection first: a subscription after this sees that it is gone.
        self.forget(key(partition(id), CONNECTION)).await?;
        let kept = self.sort_keys(partition(id)).await?;
        let sessions: Vec<String> =
            kept.iter().filter_map(|sort| sort.strip_prefix("L#").map(str::to_owned)).collect();
        let forgotten =
            sessions.into_iter().map(|session| async move { self.unsubscribe(&session, id).await });
        all(forgotten.collect()).await
    }

    async fn subscribe(&self, session: &SessionId, connection: &str) -> Result<(), PortError> {
        let Some(Connection { connected_at, .. }) = self.get(connection).await? else {
            return Ok(());
        };
        self.table.put(expiring(listens_key(connection, &session.0), connected_at)).await?;
        self.table.put(expiring(listener_key(&session.0, connection), connected_at)).await?;
        if self.get(connection).await?.is_none() {
            self.unsubscribe(&session.0, connection).await?;
        }
        Ok(())
    }

    async fn subscribers(&self, session: &SessionId) -> Result<Vec<String>, PortError> {
        self.sort_keys(format!("L#{session}")).await
    }
}
