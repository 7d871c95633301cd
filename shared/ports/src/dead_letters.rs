//! What failed too often, for people to look at and to hand out again.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::PortError;

/// A message that nobody consumes any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Names it for [`DeadLetters::redrive`], as long as it lies there.
    pub id: String,
    /// The function in which it failed.
    pub stage: String,
    pub sent_at: DateTime<Utc>,
    pub body: String,
}

/// The dead letters of the queues of the ingest flow.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// At most `limit`, oldest first as far as the platform can tell, and whether there may be more.
    async fn list(&self, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError>;

    /// Hands these out again to where they failed. How many it were: one that has left meanwhile is no error.
    async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError>;
}
