//! The trail of what happened, kept until a subject is forgotten.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{AuditEntry, AuditTrail, PortError, Subject};
use rusqlite::{Row, params};

use crate::database::Database;
use crate::listing::{read_time, sortable};

/// The audit trail in the state folder. To forget a subject reaches into the archive of the bus, too.
#[derive(Debug, Clone)]
pub struct LocalAudit {
    database: Arc<Database>,
}

impl LocalAudit {
    pub(crate) fn new(database: Arc<Database>) -> Self {
        Self { database }
    }
}

#[async_trait]
impl AuditTrail for LocalAudit {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        self.database
            .call(move |work| {
                let added = work
                    .prepare_cached(
                        "INSERT INTO audit (flow, tenant, id, event_id, event_type, at, event) \
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
                    )?
                    .execute(params![
                        entry.subject.flow,
                        entry.tenant,
                        entry.subject.id,
                        entry.event_id,
                        entry.event_type,
                        sortable(entry.at),
                        entry.event
                    ])?;
                Ok(added == 1)
            })
            .await
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        let (tenant, subject) = (tenant.to_owned(), subject.clone());
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT flow, tenant, id, event_id, event_type, at, event FROM audit \
                     WHERE flow = ?1 AND tenant = ?2 AND id = ?3 ORDER BY at, event_id",
                )?
                .query_map(params![subject.flow, tenant, subject.id], read)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        let (tenant, from, to) = (tenant.to_owned(), sortable(from), sortable(to));
        // Nothing sorts before an empty time.
        let (after, event_id) =
            after.map_or_else(Default::default, |(at, event_id)| (sortable(*at), event_id.clone()));
        self.database
            .call(move |work| {
                work.prepare_cached(
                    "SELECT flow, tenant, id, event_id, event_type, at, event FROM audit \
                     WHERE tenant = ?1 AND at >= ?2 AND at < ?3 AND (at, event_id) > (?4, ?5) \
                     ORDER BY at, event_id LIMIT ?6",
                )?
                .query_map(params![tenant, from, to, after, event_id, limit], read)?
                .map(|row| Ok(row?))
                .collect()
            })
            .await
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        let (tenant, subject, keep) = (tenant.to_owned(), subject.clone(), keep.to_vec());
        self.database
            .call(move |work| {
                work.erasing(|| {
                    for (events, remove) in [
                        (
                            "SELECT event_id FROM audit WHERE flow = ?1 AND tenant = ?2 AND id = ?3",
                            "DELETE FROM audit WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND event_id = ?4",
                        ),
                        (
                            "SELECT event_id FROM archive WHERE flow = ?1 AND tenant = ?2 AND id = ?3",
                            "DELETE FROM archive WHERE flow = ?1 AND tenant = ?2 AND id = ?3 AND event_id = ?4",
                        ),
                    ] {
                        let events: Vec<String> = work
                            .prepare_cached(events)?
                            .query_map(params![subject.flow, tenant, subject.id], |row| row.get(0))?
                            .collect::<Result<_, _>>()?;
                        for event in events.iter().filter(|event| !keep.contains(event)) {
                            work.prepare_cached(remove)?.execute(params![
                                subject.flow,
                                tenant,
                                subject.id,
                                event
                            ])?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }
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
