//! Every event, once, in memory.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, FileId, PortError};

use super::statements::{MemoryStatements, Noted};

fn by_time(mut entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
    entries
}

#[async_trait]
impl AuditTrail for MemoryStatements {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        self.inspect(|books| {
            let same = |other: &AuditEntry| {
                other.event_id == entry.event_id && other.file == entry.file && other.tenant == entry.tenant
            };
            let new = !books.audit.iter().any(same);
            let file = (entry.tenant.clone(), entry.file.clone());
            books.note(Noted::Audited { file, event: entry.event_id.clone(), new });
            if new {
                books.audit.push(entry);
            }
            Ok(new)
        })
    }

    async fn of_file(&self, tenant: &str, file: &FileId) -> Result<Vec<AuditEntry>, PortError> {
        self.inspect(|books| {
            let entries = books.audit.iter();
            let own = entries.filter(|entry| entry.tenant == tenant && entry.file == *file);
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
        self.inspect(|books| {
            let entries = books.audit.iter();
            let own = entries.filter(|entry| {
                let beyond = after.is_none_or(|(at, id)| (entry.at, &entry.event_id) > (*at, id));
                entry.tenant == tenant && from <= entry.at && entry.at < to && beyond
            });
            let mut entries = by_time(own.cloned().collect());
            entries.truncate(limit as usize);
            Ok(entries)
        })
    }

    async fn forget(&self, tenant: &str, file: &FileId, keep: &[String]) -> Result<(), PortError> {
        self.inspect(|books| {
            books.audit.retain(|entry| {
                entry.tenant != tenant || entry.file != *file || keep.contains(&entry.event_id)
            });
            books.note(Noted::Forgotten((tenant.to_owned(), file.clone())));
            Ok(())
        })
    }
}
