//! Stores of transactions that change rows before they check who works on the file, or in two steps.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{
    Category, FileId, Month, PortError, StoredRows, Transaction, TransactionKey, TransactionStore,
};

use super::super::transaction_store;
use super::{assert_noticed, give_way, run};
use crate::memory::{MemoryRecords, MemoryStatements, SeededIds};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TransactionFault {
    None,
    StoredBeforeCheck,
    WithdrawnBeforeCheck,
    /// Which rows are new is read before they are stored.
    NewFromEarlierRead,
}

struct FaultyTransactions {
    records: Arc<MemoryRecords>,
    inner: MemoryStatements,
    fault: TransactionFault,
}

impl FaultyTransactions {
    fn new(fault: TransactionFault) -> Self {
        let records = Arc::new(MemoryRecords::default());
        Self { inner: MemoryStatements::new(Arc::clone(&records), 25), records, fault }
    }
}

#[async_trait]
impl TransactionStore for FaultyTransactions {
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
        if self.fault == TransactionFault::StoredBeforeCheck {
            self.inner.inspect(|books| books.store(tenant, file, rows));
        }
        if self.fault != TransactionFault::NewFromEarlierRead {
            return self.inner.store(tenant, file, token, rows).await;
        }
        let keys: Vec<TransactionKey> = rows.iter().map(|row| row.key.clone()).collect();
        let known = self.inner.get(tenant, &keys).await?;
        give_way().await;
        Ok(match self.inner.store(tenant, file, token, rows).await? {
            StoredRows::Done(_) => StoredRows::Done(known.iter().map(Option::is_none).collect()),
            StoredRows::NotYours => StoredRows::NotYours,
        })
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        self.inner.get(tenant, keys).await
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
        self.inner.month(tenant, account, month, newest_first, after, limit).await
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        self.inner.months(tenant).await
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        self.inner.categorize(tenant, categories).await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        self.inner.remove(tenant, file, keys).await
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        if self.fault == TransactionFault::WithdrawnBeforeCheck {
            self.inner.remove(tenant, file, keys).await?;
        }
        self.inner.withdraw(tenant, file, token, keys).await
    }
}

#[test]
fn every_store_of_transactions_that_is_not_atomic_is_noticed() {
    let suite = |fault| async move {
        let store = FaultyTransactions::new(fault);
        transaction_store(&*store.records, &store, &SeededIds::new(1)).await;
    };
    run(suite(TransactionFault::None));
    for fault in [
        TransactionFault::StoredBeforeCheck,
        TransactionFault::WithdrawnBeforeCheck,
        TransactionFault::NewFromEarlierRead,
    ] {
        assert_noticed(fault, suite(fault));
    }
}
