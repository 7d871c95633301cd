//! Stores of figures and audit trails whose conditional writes are a read and a write.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    AuditEntry, AuditTrail, FigureStore, Month, PortError, StoredFigures, Subject, TransactionStore as _,
};

use super::super::{audit_trail, figure_store, forgotten_months};
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, MemoryStatements, SeededIds};

/// The operation that is not atomic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FigureFault {
    Nothing,
    PutFigures,
    ForgetMonth,
    Append,
}

struct FaultyFigures {
    records: Arc<MemoryRecords>,
    inner: MemoryStatements,
    fault: FigureFault,
}

impl FaultyFigures {
    fn new(fault: FigureFault) -> Self {
        let records = Arc::new(MemoryRecords::default());
        Self { inner: MemoryStatements::new(Arc::clone(&records), 25), records, fault }
    }

    async fn version(&self, tenant: &str, account: &str, month: Month) -> Result<u64, PortError> {
        let stored = self.inner.figures(tenant, account, month).await?;
        Ok(stored.map_or(0, |figures| figures.version))
    }
}

#[async_trait]
impl FigureStore for FaultyFigures {
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
        if self.fault != FigureFault::PutFigures {
            return self.inner.put_figures(tenant, account, month, body, seen).await;
        }
        let version = self.version(tenant, account, month).await?;
        give_way().await;
        if version != seen {
            return Ok(false);
        }
        let account = account.to_owned();
        let version = if seen == 0 { StoredFigures::first_version(body) } else { seen + 1 };
        let figures = StoredFigures { account: account.clone(), month, version, body: body.to_owned() };
        self.inner.inspect(|books| books.figures.insert((tenant.to_owned(), account, month), figures));
        Ok(true)
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        if self.fault != FigureFault::ForgetMonth {
            return self.inner.forget_month(tenant, account, month, seen).await;
        }
        let is_empty = self.inner.month(tenant, account, month, false, None, 1).await?.is_empty();
        let forgotten = is_empty && self.version(tenant, account, month).await? == seen;
        give_way().await;
        if forgotten {
            let key = (tenant.to_owned(), account.to_owned(), month);
            self.inner.inspect(|books| (books.figures.remove(&key), books.months.remove(&key)));
        }
        Ok(forgotten)
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
impl AuditTrail for FaultyFigures {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        if self.fault != FigureFault::Append {
            return self.inner.append(entry).await;
        }
        let new =
            self.inner.inspect(|books| !books.audit.iter().any(|other| other.event_id == entry.event_id));
        give_way().await;
        if new {
            self.inner.inspect(|books| books.audit.push(entry));
        }
        Ok(new)
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

#[test]
fn figures_that_are_put_in_two_steps_are_noticed() {
    let suite = |fault| async move {
        let store = FaultyFigures::new(fault);
        figure_store(&*store.records, &store.inner, &store, &SeededIds::new(1)).await;
    };
    run(suite(FigureFault::Nothing));
    assert_noticed(FigureFault::PutFigures, suite(FigureFault::PutFigures));
}

#[test]
fn a_month_that_is_forgotten_in_two_steps_is_noticed() {
    let suite = |fault| async move {
        let store = FaultyFigures::new(fault);
        forgotten_months(&*store.records, &store.inner, &store, &SeededIds::new(1)).await;
    };
    run(suite(FigureFault::Nothing));
    assert_noticed(FigureFault::ForgetMonth, suite(FigureFault::ForgetMonth));
}

#[test]
fn an_audit_trail_that_appends_in_two_steps_is_noticed() {
    let suite = |fault| async move { audit_trail(&FaultyFigures::new(fault), &SeededIds::new(1)).await };
    run(suite(FigureFault::Nothing));
    assert_noticed(FigureFault::Append, suite(FigureFault::Append));
}
