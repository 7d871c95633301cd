//! The audit trail in memory: each event is kept once.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, PortError, Subject};

use super::statements::{MemoryStatements, StatementsChange};

fn by_time(mut entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
    entries
}

#[async_trait]
impl AuditTrail for MemoryStatements {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        self.inspect(|data| {
            let same = |other: &AuditEntry| {
                other.event_id == entry.event_id
                    && other.subject == entry.subject
                    && other.tenant == entry.tenant
            };
            let new = !data.audit.iter().any(same);
            let (tenant, subject) = (entry.tenant.clone(), entry.subject.clone());
            data.note(StatementsChange::Audited { tenant, subject, event: entry.event_id.clone(), new });
            if new {
                data.audit.push(entry);
            }
            Ok(new)
        })
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        self.inspect(|data| {
            let entries = data.audit.iter();
            let own = entries.filter(|entry| entry.tenant == tenant && entry.subject == *subject);
            Ok(by_time(own.cloned().collect()))
        })
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        self.inspect(|data| {
            let entries = data.audit.iter();
            let own = entries.filter(|entry| {
                let beyond = after.is_none_or(|(at, id)| (entry.at, &entry.event_id) > (*at, id));
                entry.tenant == tenant && from <= entry.at && entry.at < to && beyond
            });
            let mut entries = by_time(own.cloned().collect());
            entries.truncate(limit as usize);
            Ok(entries)
        })
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        self.inspect(|data| {
            data.audit.retain(|entry| {
                entry.tenant != tenant || entry.subject != *subject || keep.contains(&entry.event_id)
            });
            data.note(StatementsChange::Forgotten(tenant.to_owned(), subject.clone()));
            Ok(())
        })
    }
}
