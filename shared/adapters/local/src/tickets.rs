//! Tickets in the state folder: they survive a restart, as they do on AWS.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{Clock, PortError, StoredTicket, TicketHash, TicketStore};

use crate::database::{Database, Sql as _};
use crate::listing::{read_time, sortable};

/// The tickets. Expired ones are removed when the next one is put.
#[derive(Debug, Clone)]
pub struct LocalTickets {
    pub(crate) database: Arc<Database>,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl TicketStore for LocalTickets {
    async fn put(&self, hash: TicketHash, ticket: StoredTicket) -> Result<(), PortError> {
        let now = sortable(self.clock.now());
        self.database
            .call(move |work| {
                work.run("DELETE FROM tickets WHERE expires_at < ?1", [now])?;
                work.run(
                    "INSERT OR REPLACE INTO tickets (hash, tenant, expires_at) VALUES (?1, ?2, ?3)",
                    (hash.0, ticket.tenant, sortable(ticket.expires_at)),
                )
                .map(drop)
            })
            .await
    }

    async fn take(&self, hash: TicketHash) -> Result<Option<StoredTicket>, PortError> {
        self.database
            .call(move |work| {
                work.first(
                    "DELETE FROM tickets WHERE hash = ?1 RETURNING tenant, expires_at",
                    [hash.0],
                    |row| Ok(StoredTicket { tenant: row.get(0)?, expires_at: read_time(row, 1)? }),
                )
            })
            .await
    }
}
