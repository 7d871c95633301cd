//! Stores other than records and transactions without one of their guarantees.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use riffle_ports::{
    AuditEntry, AuditTrail, Clock as _, FigureStore, Month, ObjectStore, PortError, Put, Record,
    StoredFigures, Subject,
};
use riffle_statements::Figures;
use riffle_testkit::memory::StatementsChange;

use super::StatementsMutant;
use super::mutant_stores::MutantStores;

impl MutantStores {
    /// Returns the record of the file of which an object is a part.
    fn file_of_part(&self, key: &str) -> Option<Record> {
        let id = key.strip_prefix("statements/")?.split('/').nth(1)?;
        self.records.inspect(|data| data.records.values().find(|record| record.subject.id == id).cloned())
    }
}

#[async_trait]
impl FigureStore for MutantStores {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        self.inner.figures(tenant, account, month).await
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let mut seen = seen;
        if self.is(StatementsMutant::FiguresWithoutVersion) {
            seen = self.inner.figures(tenant, account, month).await?.map_or(0, |figures| figures.version);
        }
        if self.is(StatementsMutant::FiguresDatedLate)
            && let Ok(figures) = Figures::read(body)
        {
            let body = Figures { derived_at: self.control.now(), ..figures }.write();
            return self.inner.put_figures(tenant, account, month, &body, seen).await;
        }
        self.inner.put_figures(tenant, account, month, body, seen).await
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        if self.is(StatementsMutant::MonthsOutliveRows) {
            return Ok(true);
        }
        self.inner.forget_month(tenant, account, month, seen).await
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        self.inner.all_figures(tenant, from, to).await
    }
}

#[async_trait]
impl AuditTrail for MutantStores {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        if self.is(StatementsMutant::TrailTwice) {
            self.inner.inspect(|data| {
                let (tenant, subject) = (entry.tenant.clone(), entry.subject.clone());
                data.note(StatementsChange::Audited {
                    tenant,
                    subject,
                    event: entry.event_id.clone(),
                    new: true,
                });
                data.audit.push(entry);
            });
            return Ok(true);
        }
        self.inner.append(entry).await
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        self.inner.of_subject(tenant, subject).await
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        self.inner.between(tenant, from, to, after, limit).await
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        self.inner.forget(tenant, subject, keep).await
    }
}

#[async_trait]
impl ObjectStore for MutantStores {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        if self.is(StatementsMutant::PartsAfterRows) && key.starts_with("statements/") {
            self.notes(|notes| notes.parts.insert(key.to_owned(), content));
            return Ok(());
        }
        self.objects.put(key, content).await
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        self.objects.put_if_absent(key, content).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        let held = |file: &Record| file.state == "processing" && file.lease.is_some();
        if self.is(StatementsMutant::EarlierRulesForgotten)
            && self.file_of_part(key).is_some_and(|file| held(&file))
        {
            return Ok(None);
        }
        self.objects.get(key).await
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        self.objects.list(folder).await
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        let is_gone = |file: &Record| file.state == "deleted";
        if self.is(StatementsMutant::LatePartStays)
            && self.file_of_part(key).is_some_and(|file| is_gone(&file))
        {
            return Ok(());
        }
        self.objects.delete(key).await
    }
}
