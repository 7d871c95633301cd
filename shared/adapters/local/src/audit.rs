//! The audit trail, kept until a subject is forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, PortError, Subject};
use rusqlite::Row;

use crate::database::{Database, Sql as _};
use crate::listing::{read_time, sortable};

/// The audit trail in the state folder. Forgetting a subject also removes its events from the archive of the bus.
#[derive(Debug, Clone)]
pub struct LocalAudit {
    pub(crate) database: Arc<Database>,
}

#[async_trait]
impl AuditTrail for LocalAudit {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        self.database
            .call(move |work| {
                let AuditEntry { subject: Subject { flow, id }, tenant, event_id, event_type, at, event } =
                    entry;
                let added = work.run(
                    "INSERT INTO audit (flow, tenant, id, event_id, event_type, at, event) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                    (flow, tenant, id, event_id, event_type, sortable(at), event),
                )?;
                Ok(added == 1)
            })
            .await
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        let sql = "SELECT flow, tenant, id, event_id, event_type, at, event FROM audit \
             WHERE flow = ?1 AND tenant = ?2 AND id = ?3 ORDER BY at, event_id";
        self.database.rows(sql, key(tenant, subject), read).await
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        // The empty time sorts before all others.
        let (after, event_id) =
            after.map_or_else(Default::default, |(at, event_id)| (sortable(*at), event_id.clone()));
        let sql = "SELECT flow, tenant, id, event_id, event_type, at, event FROM audit \
             WHERE tenant = ?1 AND at >= ?2 AND at < ?3 AND (at, event_id) > (?4, ?5) \
             ORDER BY at, event_id LIMIT ?6";
        let with = (tenant.to_owned(), sortable(from), sortable(to), after, event_id, limit);
        self.database.rows(sql, with, read).await
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        let ((flow, tenant, id), keep) = (key(tenant, subject), keep.to_vec());
        self.database
            .call(move |work| {
                work.erasing(|| {
                    for table in ["audit", "archive"] {
                        let of = "WHERE flow = ?1 AND tenant = ?2 AND id = ?3";
                        let select = format!("SELECT event_id FROM {table} {of}");
                        let events: Vec<String> =
                            work.rows(&select, (&flow, &tenant, &id), |row| row.get(0))?;
                        let delete = format!("DELETE FROM {table} {of} AND event_id = ?4");
                        for event in events.iter().filter(|event| !keep.contains(event)) {
                            work.run(&delete, (&flow, &tenant, &id, event))?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
}

/// Flow, tenant, id.
fn key(tenant: &str, subject: &Subject) -> (String, String, String) {
    (subject.flow.clone(), tenant.to_owned(), subject.id.clone())
}

fn read(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    Ok(AuditEntry {
        subject: Subject { flow: row.get(0)?, id: row.get(2)? },
        tenant: row.get(1)?,
        event_id: row.get(3)?,
        event_type: row.get(4)?,
        at: read_time(row, 5)?,
        event: row.get(6)?,
    })
}
