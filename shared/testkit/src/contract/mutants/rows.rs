//! Faulty stores of transactions.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{
    Category, FileId, Month, PortError, Record, StoredRows, Transaction, TransactionKey, TransactionStore,
};

use super::super::transaction_store;
use super::{FaultName, assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, MemoryStatements, SeededIds, StoredTransaction};

struct FaultyRows {
    records: Arc<MemoryRecords>,
    inner: MemoryStatements,
    fault: FaultName,
}

impl FaultyRows {
    fn new(fault: FaultName) -> Self {
        let records = Arc::new(MemoryRecords::default());
        Self { inner: MemoryStatements::new(Arc::clone(&records), 25), records, fault }
    }

    fn is_record(&self, tenant: &str, file: &FileId, fits: impl Fn(&Record) -> bool) -> bool {
        let key = (tenant.to_owned(), file.subject());
        self.records.inspect(|data| data.records.get(&key).is_some_and(fits))
    }

    fn is_processing(&self, tenant: &str, file: &FileId) -> bool {
        self.is_record(tenant, file, |record| record.state == FileId::PROCESSING)
    }

    fn has_token(&self, tenant: &str, file: &FileId, token: &str) -> bool {
        self.is_record(tenant, file, |record| record.lease.as_ref().is_some_and(|lease| lease.token == token))
    }

    fn is_known(&self, tenant: &str, key: &TransactionKey) -> bool {
        self.inner.inspect(|data| data.rows.contains_key(&(tenant.to_owned(), key.clone())))
    }

    fn change(&self, tenant: &str, key: &TransactionKey, change: impl FnOnce(&mut StoredTransaction)) {
        self.inner.inspect(|data| {
            if let Some(row) = data.rows.get_mut(&(tenant.to_owned(), key.clone())) {
                change(row);
            }
        });
    }
}

#[async_trait]
impl TransactionStore for FaultyRows {
    fn batch(&self) -> usize {
        self.inner.batch()
    }

    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError> {
        let known: Vec<bool> = rows.iter().map(|row| self.is_known(tenant, &row.key)).collect();
        let mut rows = rows.to_vec();
        match self.fault {
            "nobody is asked who is at work" => {
                return Ok(StoredRows::Done(self.inner.inspect(|data| data.store(tenant, file, &rows))));
            }
            "any token will do" if self.is_processing(tenant, file) => {
                return Ok(StoredRows::Done(self.inner.inspect(|data| data.store(tenant, file, &rows))));
            }
            "any state will do" if self.has_token(tenant, file, token) => {
                return Ok(StoredRows::Done(self.inner.inspect(|data| data.store(tenant, file, &rows))));
            }
            "occurrences are one" => rows.iter_mut().for_each(|row| row.key.occurrence = 1),
            "scales are lost" => rows.iter_mut().for_each(|row| row.amount = row.amount.normalize()),
            "long texts are cut" => rows.iter_mut().for_each(|row| {
                row.description = row.description.chars().take(255).collect();
            }),
            "what is empty is missing" => rows.iter_mut().for_each(|row| {
                row.counterparty = row.counterparty.take().or(Some(String::new()));
            }),
            "rows are stored before the question" => {
                self.inner.inspect(|data| data.store(tenant, file, &rows));
            }
            "first is who found nothing" => {
                give_way().await;
            }
            "the last content stays" | "storing takes categories away" => {
                for row in &rows {
                    let category = (self.fault == "the last content stays").then_some(row);
                    self.change(tenant, &row.key, |stored| match category {
                        Some(row) => stored.transaction.description.clone_from(&row.description),
                        None => stored.transaction.category = None,
                    });
                }
            }
            _ => {}
        }
        let stored = self.inner.store(tenant, file, token, &rows).await?;
        Ok(match (self.fault, stored) {
            ("new is what was not known" | "first is who found nothing", StoredRows::Done(_)) => {
                StoredRows::Done(known.into_iter().map(|known| !known).collect())
            }
            (_, stored) => stored,
        })
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        match self.fault {
            "occurrences are one" => {
                let one = |key: &TransactionKey| TransactionKey { occurrence: 1, ..key.clone() };
                self.inner.get(tenant, &keys.iter().map(one).collect::<Vec<_>>()).await
            }
            "what is not there is left out" => {
                let mut found = self.inner.get(tenant, keys).await?;
                found.retain(Option::is_some);
                Ok(found)
            }
            "in the order of the table" => {
                let mut keys = keys.to_vec();
                keys.sort();
                self.inner.get(tenant, &keys).await
            }
            _ => self.inner.get(tenant, keys).await,
        }
    }

    async fn month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        newest_first: bool,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<Vec<Transaction>, PortError> {
        match self.fault {
            "accounts are prefixes" => Ok(self.inner.inspect(|data| {
                let fits = |key: &TransactionKey| key.account.starts_with(account) && key.month() == month;
                let mut rows: Vec<Transaction> = data
                    .rows
                    .iter()
                    .filter(|((of, key), _)| {
                        of == tenant && fits(key) && after.is_none_or(|after| key > after)
                    })
                    .map(|(_, row)| row.transaction.clone())
                    .collect();
                rows.truncate(limit as usize);
                rows
            })),
            "occurrences are text" => {
                let mut all = self.inner.month(tenant, account, month, newest_first, None, 1_000).await?;
                let text =
                    |key: &TransactionKey| (key.date, key.identity.clone(), key.occurrence.to_string());
                all.sort_by_key(|row| text(&row.key));
                all.retain(|row| after.is_none_or(|after| text(&row.key) > text(after)));
                all.truncate(limit as usize);
                Ok(all)
            }
            "always the oldest first" => self.inner.month(tenant, account, month, false, after, limit).await,
            "limits are ignored" => {
                self.inner.month(tenant, account, month, newest_first, after, 1_000).await
            }
            _ => self.inner.month(tenant, account, month, newest_first, after, limit).await,
        }
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        let mut months = self.inner.months(tenant).await?;
        match self.fault {
            "months descend" => months.reverse(),
            "months come as often as rows" => months.extend(months.clone()),
            "one month an account" => months.dedup_by(|one, two| one.0 == two.0),
            _ => {}
        }
        Ok(months)
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        match self.fault {
            "categories stay" => {
                let named: Vec<_> = categories.iter().filter(|(_, name)| name.is_some()).cloned().collect();
                self.inner.categorize(tenant, &named).await
            }
            "what is gone is an error" => {
                if categories.iter().all(|(key, _)| self.is_known(tenant, key)) {
                    return self.inner.categorize(tenant, categories).await;
                }
                Err(PortError::Broken("no such row".to_owned()))
            }
            "one category a call" => {
                self.inner.categorize(tenant, &categories[..categories.len().min(1)]).await
            }
            _ => self.inner.categorize(tenant, categories).await,
        }
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        match self.fault {
            "a row goes with any file" => {
                for key in keys {
                    let shows = |row: &mut StoredTransaction| {
                        if row.shown_by.contains(file) {
                            row.shown_by = [file.clone()].into();
                        }
                    };
                    self.change(tenant, key, shows);
                }
                self.inner.remove(tenant, file, keys).await
            }
            "strangers remove" => {
                for key in keys {
                    self.change(tenant, key, |row| row.shown_by.extend([file.clone()]));
                    self.change(tenant, key, |row| row.shown_by.retain(|shown| shown == file));
                }
                self.inner.remove(tenant, file, keys).await
            }
            "rows go with who was first" => {
                self.inner.inspect(|data| {
                    for key in keys {
                        let key = (tenant.to_owned(), key.clone());
                        if data.rows.get(&key).is_some_and(|row| row.transaction.file == *file) {
                            data.rows.remove(&key);
                        }
                    }
                });
                self.inner.remove(tenant, file, keys).await
            }
            "nothing is removed" => Ok(()),
            _ => self.inner.remove(tenant, file, keys).await,
        }
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        match self.fault {
            "anybody takes rows back" => {
                self.inner.remove(tenant, file, keys).await?;
                Ok(true)
            }
            "rows are taken back before the question" => {
                self.inner.remove(tenant, file, keys).await?;
                self.inner.withdraw(tenant, file, token, keys).await
            }
            "any token takes rows back" if self.is_processing(tenant, file) => {
                self.inner.remove(tenant, file, keys).await?;
                Ok(true)
            }
            "any state takes rows back" if self.has_token(tenant, file, token) => {
                self.inner.remove(tenant, file, keys).await?;
                Ok(true)
            }
            "nothing is taken back" => self.inner.withdraw(tenant, file, token, &[]).await,
            _ => self.inner.withdraw(tenant, file, token, keys).await,
        }
    }
}

#[test]
fn every_faulty_store_of_transactions_is_noticed() {
    let suite = |fault| async move {
        let rows = FaultyRows::new(fault);
        transaction_store(&*rows.records, &rows, &SeededIds::new(1)).await;
    };
    run(suite("none"));
    for fault in [
        "nobody is asked who is at work",
        "any token will do",
        "any state will do",
        "occurrences are one",
        "scales are lost",
        "long texts are cut",
        "what is empty is missing",
        "rows are stored before the question",
        "first is who found nothing",
        "the last content stays",
        "storing takes categories away",
        "new is what was not known",
        "what is not there is left out",
        "in the order of the table",
        "accounts are prefixes",
        "occurrences are text",
        "always the oldest first",
        "limits are ignored",
        "months descend",
        "months come as often as rows",
        "one month an account",
        "categories stay",
        "what is gone is an error",
        "one category a call",
        "a row goes with any file",
        "strangers remove",
        "rows go with who was first",
        "nothing is removed",
        "anybody takes rows back",
        "rows are taken back before the question",
        "any token takes rows back",
        "any state takes rows back",
        "nothing is taken back",
    ] {
        assert_noticed(fault, suite(fault));
    }
}
