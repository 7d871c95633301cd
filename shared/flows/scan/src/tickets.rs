//! One-time tickets for the WebSocket: a browser can send no headers with it, so a client fetches a ticket first.

use std::sync::Arc;
use std::time::Duration;

use riffle_contracts::http;
use riffle_ports::{Clock, Ids, PortError, StoredTicket, TicketHash, TicketStore};
use sha2::{Digest, Sha256};

/// How long a ticket may be used.
const LIFE: Duration = Duration::from_mins(1);

/// Issues and redeems tickets.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Tickets {
    pub store: Arc<dyn TicketStore>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
}

impl Tickets {
    /// Issues a ticket of 128 random bits that admits one connection for `tenant`.
    pub async fn issue(&self, tenant: &str) -> Result<http::Ticket, PortError> {
        let ticket = self.ids.fresh();
        let expires_at = self.clock.now() + LIFE;
        let kept = StoredTicket { tenant: tenant.to_owned(), expires_at };
        self.store.put(hash(&ticket), kept).await?;
        Ok(http::Ticket { ticket, expires_at })
    }

    /// Redeems `ticket` and returns the tenant that it admits. `None` if it never existed, was used or has expired.
    pub async fn redeem(&self, ticket: &str) -> Result<Option<String>, PortError> {
        let taken = self.store.take(hash(ticket)).await?;
        let now = self.clock.now();
        Ok(taken.filter(|taken| now < taken.expires_at).map(|taken| taken.tenant))
    }
}

fn hash(ticket: &str) -> TicketHash {
    TicketHash(Sha256::digest(ticket).into())
}
