//! One-time tickets: who may open a connection in whose name.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::PortError;

/// What a ticket is kept under: its SHA-256. Who reads the store learns no ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketHash(pub [u8; 32]);

/// Whom a ticket speaks for, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub tenant: String,
    pub expires_at: DateTime<Utc>,
}

/// Keeps tickets until they are used or forgotten.
#[async_trait]
pub trait TicketStore: Send + Sync {
    /// Keeps `ticket`. Hashes of random tickets do not collide; one that does replaces.
    async fn put(&self, hash: TicketHash, ticket: Ticket) -> Result<(), PortError>;

    /// Removes the ticket and returns it. Of several callers at once exactly one gets it; `None` for one that
    /// never was, was taken, or was forgotten after its time. One past its time may still be returned: the
    /// caller looks at the time.
    async fn take(&self, hash: TicketHash) -> Result<Option<Ticket>, PortError>;
}
