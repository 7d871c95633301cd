//! Faulty stores of figures and audit trails.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{
    AuditEntry, AuditTrail, FigureStore, Month, PortError, StoredFigures, Subject, TransactionStore as _,
};

use super::super::{audit_trail, figure_store, forgotten_months};
use super::{FaultName, assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, MemoryStatements, SeededIds};

struct FaultyStatements {
    inner: MemoryStatements,
    fault: FaultName,
}

impl FaultyStatements {
    fn new(fault: FaultName) -> Self {
        Self { inner: MemoryStatements::default(), fault }
    }

    /// Also returns the records under which its transactions are stored.
    fn beside_records(fault: FaultName) -> (Arc<MemoryRecords>, Self) {
        let records = Arc::new(MemoryRecords::default());
        let inner = MemoryStatements::new(Arc::clone(&records), 25);
        (records, Self { inner, fault })
    }
}

#[async_trait]
impl FigureStore for FaultyStatements {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        let account =
            if self.fault == "accounts have no case" { account.to_lowercase() } else { account.to_owned() };
        let mut found = self.inner.figures(tenant, &account, month).await?;
        if self.fault == "versions stand still"
            && let Some(figures) = &mut found
        {
            figures.version = 1;
        }
        Ok(found)
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        match self.fault {
            "whoever comes puts" => {
                let present = self.inner.figures(tenant, account, month).await?;
                let seen = present.map_or(0, |figures| figures.version);
                self.inner.put_figures(tenant, account, month, body, seen).await
            }
            "a put is two steps" => {
                let present = self.inner.figures(tenant, account, month).await?;
                let present = present.map_or(0, |figures| figures.version);
                give_way().await;
                if present != seen {
                    return Ok(false);
                }
                let account = account.to_owned();
                let figures = StoredFigures {
                    account: account.clone(),
                    month,
                    version: if seen == 0 { StoredFigures::first_version(body) } else { seen + 1 },
                    body: body.to_owned(),
                };
                let key = (tenant.to_owned(), account, month);
                self.inner.inspect(|data| data.figures.insert(key, figures));
                Ok(true)
            }
            "first figures replace" if seen == 0 => {
                let key = (tenant.to_owned(), account.to_owned(), month);
                self.inner.inspect(|data| data.figures.remove(&key));
                self.inner.put_figures(tenant, account, month, body, seen).await
            }
            "unknown months have figures" if seen == 0 => {
                self.inner.inspect(|data| data.months.insert((tenant.to_owned(), account.to_owned(), month)));
                self.inner.put_figures(tenant, account, month, body, seen).await
            }
            "long figures are cut" => {
                let cut = body.chars().take(30_000).collect::<String>();
                self.inner.put_figures(tenant, account, month, &cut, seen).await
            }
            _ => self.inner.put_figures(tenant, account, month, body, seen).await,
        }
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        match self.fault {
            "whoever comes forgets" => {
                let present = self.inner.figures(tenant, account, month).await?;
                let seen = present.map_or(0, |figures| figures.version);
                self.inner.forget_month(tenant, account, month, seen).await
            }
            "transactions are forgotten" => {
                let key = (tenant.to_owned(), account.to_owned(), month);
                let present = self.inner.figures(tenant, account, month).await?;
                let forgotten = present.map_or(0, |figures| figures.version) == seen;
                if forgotten {
                    self.inner.inspect(|data| (data.figures.remove(&key), data.months.remove(&key)));
                }
                Ok(forgotten)
            }
            "a month is looked at, then forgotten" => {
                let key = (tenant.to_owned(), account.to_owned(), month);
                let is_empty = self.inner.month(tenant, account, month, false, None, 1).await?.is_empty();
                let present = self.inner.figures(tenant, account, month).await?;
                let forgotten = is_empty && present.map_or(0, |figures| figures.version) == seen;
                give_way().await;
                if forgotten {
                    self.inner.inspect(|data| (data.figures.remove(&key), data.months.remove(&key)));
                }
                Ok(forgotten)
            }
            "an empty month stays known" => {
                let key = (tenant.to_owned(), account.to_owned(), month);
                let forgotten = self.inner.forget_month(tenant, account, month, seen).await?;
                self.inner.inspect(|data| data.months.insert(key));
                Ok(forgotten)
            }
            "figures outlive their month" => {
                self.inner
                    .inspect(|data| data.months.remove(&(tenant.to_owned(), account.to_owned(), month)));
                Ok(true)
            }
            _ => self.inner.forget_month(tenant, account, month, seen).await,
        }
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        let mut all = self.inner.all_figures(tenant, from, to).await?;
        match self.fault {
            "the last month is left out" => all.retain(|figures| figures.month != to),
            "the first month is left out" => all.retain(|figures| figures.month != from),
            "accounts go before months" => {
                all.sort_by(|one, two| (&one.account, one.month).cmp(&(&two.account, two.month)));
            }
            _ => {}
        }
        Ok(all)
    }
}

#[test]
fn every_faulty_store_of_figures_is_noticed() {
    let suite = async |fault| {
        let (records, data) = FaultyStatements::beside_records(fault);
        figure_store(&*records, &data.inner, &data, &SeededIds::new(1)).await;
    };
    run(suite("none"));
    for fault in [
        "accounts have no case",
        "versions stand still",
        "whoever comes puts",
        "a put is two steps",
        "first figures replace",
        "long figures are cut",
        "unknown months have figures",
        "the last month is left out",
        "the first month is left out",
        "accounts go before months",
    ] {
        assert_noticed(fault, suite(fault));
    }
}

#[test]
fn every_faulty_way_to_forget_a_month_is_noticed() {
    let suite = async |fault| {
        let (records, data) = FaultyStatements::beside_records(fault);
        forgotten_months(&*records, &data.inner, &data, &SeededIds::new(1)).await;
    };
    run(suite("none"));
    for fault in [
        "whoever comes forgets",
        "figures outlive their month",
        "transactions are forgotten",
        "a month is looked at, then forgotten",
        "an empty month stays known",
        "unknown months have figures",
    ] {
        assert_noticed(fault, suite(fault));
    }
}

#[async_trait]
impl AuditTrail for FaultyStatements {
    async fn append(&self, entry: AuditEntry) -> Result<bool, PortError> {
        let id = entry.event_id.clone();
        let same = |other: &AuditEntry| other.event_id == id;
        match self.fault {
            "events are kept as often as they are told" => {
                self.inner.inspect(|data| data.audit.push(entry));
                Ok(true)
            }
            "an event of another time is another" => Ok(self.inner.inspect(|data| {
                let new = !data.audit.iter().any(|other| same(other) && other.at == entry.at);
                if new {
                    data.audit.push(entry);
                }
                new
            })),
            "the last telling stays" => Ok(self.inner.inspect(|data| {
                let before = data.audit.len();
                data.audit.retain(|other| !same(other));
                let new = data.audit.len() == before;
                data.audit.push(entry);
                new
            })),
            "an append is two steps" => {
                let new = self.inner.inspect(|data| !data.audit.iter().any(same));
                give_way().await;
                if new {
                    self.inner.inspect(|data| data.audit.push(entry));
                }
                Ok(new)
            }
            "everything is new" => self.inner.append(entry).await.map(|_| true),
            _ => self.inner.append(entry).await,
        }
    }

    async fn of_subject(&self, tenant: &str, subject: &Subject) -> Result<Vec<AuditEntry>, PortError> {
        match self.fault {
            "subjects are told in the order of arrival" => Ok(self.inner.inspect(|data| {
                let entries = data.audit.iter();
                entries.filter(|entry| entry.tenant == tenant && entry.subject == *subject).cloned().collect()
            })),
            "flows are one" => Ok(self.inner.inspect(|data| {
                let own = |entry: &&AuditEntry| entry.tenant == tenant && entry.subject.id == subject.id;
                let mut entries: Vec<AuditEntry> = data.audit.iter().filter(own).cloned().collect();
                entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
                entries
            })),
            "tenants are one" => {
                let entries = self.inner.inspect(|data| {
                    let entries = data.audit.iter();
                    entries.filter(|entry| entry.subject == *subject).cloned().collect::<Vec<_>>()
                });
                Ok(entries)
            }
            _ => self.inner.of_subject(tenant, subject).await,
        }
    }

    async fn between(
        &self,
        tenant: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        after: Option<&(DateTime<Utc>, String)>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, PortError> {
        let instant = chrono::TimeDelta::nanoseconds(1);
        match self.fault {
            "the end is included" => self.inner.between(tenant, from, to + instant, after, limit).await,
            "the beginning is left out" => self.inner.between(tenant, from + instant, to, after, limit).await,
            "one moment is one place" => {
                let place = after.map(|(time, _)| (*time, "~".to_owned()));
                self.inner.between(tenant, from, to, place.as_ref(), limit).await
            }
            "limits are ignored" => self.inner.between(tenant, from, to, after, 1_000).await,
            _ => self.inner.between(tenant, from, to, after, limit).await,
        }
    }

    async fn forget(&self, tenant: &str, subject: &Subject, keep: &[String]) -> Result<(), PortError> {
        match self.fault {
            "nothing is forgotten" => Ok(()),
            "everything is forgotten" => self.inner.forget(tenant, subject, &[]).await,
            "neighbours are forgotten" => {
                self.inner.inspect(|data| {
                    data.audit.retain(|entry| entry.tenant != tenant || keep.contains(&entry.event_id));
                });
                Ok(())
            }
            "twenty-five are forgotten" => {
                let mut left = 25;
                self.inner.inspect(|data| {
                    data.audit.retain(|entry| {
                        let goes = entry.tenant == tenant
                            && entry.subject == *subject
                            && !keep.contains(&entry.event_id)
                            && left > 0;
                        left -= i32::from(goes);
                        !goes
                    });
                });
                Ok(())
            }
            _ => self.inner.forget(tenant, subject, keep).await,
        }
    }
}

#[test]
fn every_faulty_audit_trail_is_noticed() {
    run(audit_trail(&FaultyStatements::new("none"), &SeededIds::new(1)));
    for fault in [
        "events are kept as often as they are told",
        "an event of another time is another",
        "the last telling stays",
        "an append is two steps",
        "everything is new",
        "subjects are told in the order of arrival",
        "flows are one",
        "tenants are one",
        "the end is included",
        "the beginning is left out",
        "one moment is one place",
        "limits are ignored",
        "nothing is forgotten",
        "everything is forgotten",
        "neighbours are forgotten",
        "twenty-five are forgotten",
    ] {
        assert_noticed(fault, audit_trail(&FaultyStatements::new(fault), &SeededIds::new(1)));
    }
}
