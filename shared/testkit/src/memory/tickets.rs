//! Tickets, in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use riffle_ports::{PortError, StoredTicket, TicketHash, TicketStore};

use super::lock;

/// A [`TicketStore`] in memory. Tickets do not expire by themselves.
#[derive(Debug, Default)]
pub struct MemoryTickets {
    tickets: Mutex<BTreeMap<TicketHash, StoredTicket>>,
}

#[async_trait]
impl TicketStore for MemoryTickets {
    async fn put(&self, hash: TicketHash, ticket: StoredTicket) -> Result<(), PortError> {
        lock(&self.tickets).insert(hash, ticket);
        Ok(())
    }

    async fn take(&self, hash: TicketHash) -> Result<Option<StoredTicket>, PortError> {
        Ok(lock(&self.tickets).remove(&hash))
    }
}
