//! The event bus, which delivers events to their consumers, and the audit trail of events.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::PortError;

/// The subject of an event, a record or an entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// A flow's name in the topology.
    pub flow: String,
    /// Unique within flow and tenant.
    pub id: String,
}

impl Subject {
    pub fn new(flow: impl Into<String>, id: impl Into<String>) -> Self {
        Self { flow: flow.into(), id: id.into() }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.flow, self.id)
    }
}

/// An event to be published on the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outgoing {
    pub event_id: String,
    /// The `detail-type`.
    pub event_type: String,
    pub tenant: String,
    pub subject: Subject,
    pub at: DateTime<Utc>,
    /// The event as JSON, at most [`Outgoing::MAX_DETAIL`] bytes.
    pub detail: String,
}

impl Outgoing {
    /// A bus accepts 256 KB, envelope included.
    pub const MAX_DETAIL: usize = 240 * 1024;
}

/// A publisher of events: every consumer with a matching rule gets them. Delivery is at least once and in no order.
#[async_trait]
pub trait EventPublisher: Send + Sync {
    /// Publishes all of `events` and returns the positions of those that were *not* accepted, ascending. After an
    /// error any of them may have been published.
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError>;
}

/// An event as the audit trail stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub tenant: String,
    pub subject: Subject,
    pub event_id: String,
    pub event_type: String,
    /// The event's own time.
    pub at: DateTime<Utc>,
    /// The event as JSON.
    pub event: String,
}

/// A store of every event, once, until its subject is forgotten.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Stores `entry` unless its event is stored already. Returns whether it was new.
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError>;

    /// Returns the events of one subject, by time, then event id. Strongly consistent.
    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError>;

    /// Returns the events from `from` up to but not including `to`, by time, then event id, after the entry at `after`.
    /// May lag by seconds.
    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError>;

    /// Removes the events of a subject except those in `keep`, from every store of past events in which single events
    /// can be removed.
    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError>;
}
