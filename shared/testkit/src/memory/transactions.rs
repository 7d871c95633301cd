//! Transactions as a set, in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;
use riffle_ports::{
    Category, FileId, Month, PortError, StoredRows, Transaction, TransactionKey, TransactionStore,
};

use super::statements::{MemoryStatements, StatementsChange, StatementsData, StoredTransaction};

impl StatementsData {
    /// Stores `rows` without checking who holds the file. Returns for each row whether `file` was the first to bring
    /// it.
    pub fn store(&mut self, tenant: &str, file: &FileId, rows: &[Transaction]) -> Vec<bool> {
        let (mut known, mut again) = (0, 0);
        let mut first = Vec::with_capacity(rows.len());
        for row in rows {
            let month = (tenant.to_owned(), row.key.account.clone(), row.key.month());
            self.months.insert(month);
            let stored = self.rows.entry((tenant.to_owned(), row.key.clone()));
            known += usize::from(matches!(stored, std::collections::btree_map::Entry::Occupied(_)));
            let stored = stored.or_insert_with(|| StoredTransaction {
                transaction: Transaction { file: file.clone(), ..row.clone() },
                shown_by: BTreeSet::new(),
            });
            again += usize::from(!stored.shown_by.insert(file.clone()));
            first.push(stored.transaction.file == *file);
        }
        let file = (tenant.to_owned(), file.clone());
        self.note(StatementsChange::Stored { file, rows: rows.len(), known, again });
        first
    }

    /// Removes `file` from the files that show these rows, without checking who holds the file. A row that no file
    /// shows any more is deleted.
    pub fn remove(&mut self, tenant: &str, file: &FileId, keys: &[TransactionKey]) {
        let (mut gone, mut kept) = (0, 0);
        for key in keys {
            let key = (tenant.to_owned(), key.clone());
            let Some(row) = self.rows.get_mut(&key) else {
                continue;
            };
            if !row.shown_by.remove(file) {
                continue;
            }
            if row.shown_by.is_empty() {
                self.rows.remove(&key);
                gone += 1;
            } else {
                kept += 1;
            }
        }
        self.note(StatementsChange::Removed { file: (tenant.to_owned(), file.clone()), gone, kept });
    }
}

impl MemoryStatements {
    /// Returns whether the file is being processed under `token`.
    fn is_held(&self, tenant: &str, file: &FileId, token: &str) -> bool {
        let key = (tenant.to_owned(), file.subject());
        self.records.inspect(|data| {
            data.records.get(&key).is_some_and(|record| record.is_held(FileId::PROCESSING, token))
        })
    }

    fn check(&self, rows: usize) -> Result<(), PortError> {
        if rows <= self.batch {
            return Ok(());
        }
        Err(PortError::Broken(format!("{rows} rows in one call; at most {} may be", self.batch)))
    }
}

#[async_trait]
impl TransactionStore for MemoryStatements {
    fn batch(&self) -> usize {
        self.batch
    }

    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError> {
        self.check(rows.len())?;
        let is_held = self.is_held(tenant, file, token);
        self.inspect(|data| {
            if !is_held {
                data.note(StatementsChange::NotStored((tenant.to_owned(), file.clone())));
                return Ok(StoredRows::NotYours);
            }
            Ok(StoredRows::Done(data.store(tenant, file, rows)))
        })
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        self.check(keys.len())?;
        self.inspect(|data| {
            let stored = keys.iter().map(|key| data.rows.get(&(tenant.to_owned(), key.clone())));
            Ok(stored.map(|row| row.map(|row| row.transaction.clone())).collect())
        })
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
        self.inspect(|data| {
            let beyond = |key: &TransactionKey| {
                after.is_none_or(|after| if newest_first { key < after } else { key > after })
            };
            let mut rows: Vec<&StoredTransaction> = data
                .month(tenant, account, month)
                .filter(|(key, _)| beyond(key))
                .map(|(_, row)| row)
                .collect();
            if newest_first {
                rows.reverse();
            }
            Ok(rows.into_iter().take(limit as usize).map(|row| row.transaction.clone()).collect())
        })
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        self.inspect(|data| {
            let own = data.months.iter().filter(|(of, ..)| of == tenant);
            Ok(own.map(|(_, account, month)| (account.clone(), *month)).collect())
        })
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        self.check(categories.len())?;
        self.inspect(|data| {
            let mut changed = 0;
            for (key, category) in categories {
                if let Some(row) = data.rows.get_mut(&(tenant.to_owned(), key.clone())) {
                    changed += usize::from(row.transaction.category != *category);
                    row.transaction.category.clone_from(category);
                }
            }
            data.note(StatementsChange::Categorized { tenant: tenant.to_owned(), changed });
            Ok(())
        })
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        self.check(keys.len())?;
        self.inspect(|data| data.remove(tenant, file, keys));
        Ok(())
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        self.check(keys.len())?;
        let is_held = self.is_held(tenant, file, token);
        self.inspect(|data| {
            if is_held {
                data.remove(tenant, file, keys);
            } else {
                data.note(StatementsChange::NotWithdrawn((tenant.to_owned(), file.clone())));
            }
            Ok(is_held)
        })
    }
}
