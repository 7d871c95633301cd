//! Tickets in the state folder: they outlive a restart, as they do in the cloud.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use riffle_ports::{Clock, PortError, Ticket, TicketHash, TicketStore};
use rusqlite::{OptionalExtension, params};

use crate::database::{Database, WorkError};
use crate::listing::sortable;

/// The tickets. Those past their time are removed when the next one is put.
#[derive(Clone)]
pub struct LocalTickets {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
}

impl LocalTickets {
    pub(crate) fn new(database: Arc<Database>, clock: Arc<dyn Clock>) -> Self {
        Self { database, clock }
    }
}

impl std::fmt::Debug for LocalTickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalTickets").finish_non_exhaustive()
    }
}

#[async_trait]
impl TicketStore for LocalTickets {
    async fn put(&self, hash: TicketHash, ticket: Ticket) -> Result<(), PortError> {
        let now = sortable(self.clock.now());
        self.database
            .call(move |work| {
                work.prepare_cached("DELETE FROM tickets WHERE expires_at < ?1")?.execute([now])?;
                work.prepare_cached(
                    "INSERT OR REPLACE INTO tickets (hash, tenant, expires_at) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![hash.0, ticket.tenant, sortable(ticket.expires_at)])?;
                Ok(())
            })
            .await
    }

    async fn take(&self, hash: TicketHash) -> Result<Option<Ticket>, PortError> {
        self.database
            .call(move |work| {
                let row: Option<(String, String)> = work
                    .prepare_cached("DELETE FROM tickets WHERE hash = ?1 RETURNING tenant, expires_at")?
                    .query_row([hash.0], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                row.map(|(tenant, expires_at)| {
                    let expires_at = DateTime::parse_from_rfc3339(&expires_at)
                        .map_err(|error| WorkError::Unreadable(format!("time of a ticket: {error}")))?;
                    Ok(Ticket { tenant, expires_at: expires_at.to_utc() })
                })
                .transpose()
            })
            .await
    }
}
