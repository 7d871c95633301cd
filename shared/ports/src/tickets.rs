//! One-time tickets: each lets its holder open a connection in the name of a tenant.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::PortError;

/// The SHA-256 of a ticket, under which it is stored. Access to the store alone does not reveal a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketHash(pub [u8; 32]);

/// The tenant of a ticket, and its time of expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTicket {
    pub tenant: String,
    pub expires_at: DateTime<Utc>,
}

/// A store of tickets, which keeps each until it is used or removed.
#[async_trait]
pub trait TicketStore: Send + Sync {
    /// Stores `ticket`. Hashes of random tickets do not collide; an equal hash would replace the stored ticket.
    async fn put(&self, hash: TicketHash, ticket: StoredTicket) -> Result<(), PortError>;

    /// Removes the ticket and returns it. Of several concurrent callers exactly one gets it. `None` if it never
    /// existed, was taken, or was removed after its expiry. An expired ticket may still be returned: the caller must
    /// check the time.
    async fn take(&self, hash: TicketHash) -> Result<Option<StoredTicket>, PortError>;
}
