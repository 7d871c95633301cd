//! The set of transactions of all files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use riffle_ports::{
    Category, FileId, Month, PortError, StoredRows, Transaction, TransactionKey, TransactionStore,
};

use super::transaction_item::{
    CATEGORY, FILES, category, decode, key_of, partition, row_key, show, sort_key,
};
use super::{TRIES, months};
use crate::change::ItemChange;
use crate::item::{Item, ItemReader, number, text};
use crate::records::{if_held, record_key};
use crate::table::{KeyRange, PK, SK, Table, UpdateResult, all, key};
use crate::transact::{STEPS, TransactStep, Transacted};

/// Maximum months of accounts in one DynamoDB transaction: rows of more months are stored in several.
const MONTHS: usize = 9;
/// Maximum rows of one call: the steps of a transaction, less one that checks the lease and those that check months.
const BATCH: usize = STEPS - 1 - MONTHS;
/// The transactions in `RECORDS_TABLE`, next to the records of the files that show them.
#[derive(Debug, Clone)]
pub struct DynamoTransactions {
    table: Table,
}

impl DynamoTransactions {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// Stores rows of at most [`MONTHS`] months. Returns `false` if the caller does not hold the lease of the file.
    async fn store_together(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[&Transaction],
    ) -> Result<bool, PortError> {
        let mut months: BTreeMap<(&str, Month), &TransactionKey> = BTreeMap::new();
        for row in rows {
            months.entry((&row.key.account, row.key.month())).or_insert(&row.key);
        }
        let months: Vec<&TransactionKey> = months.into_values().collect();
        for _ in 0..TRIES {
            let mut steps = vec![check_held(tenant, file, token)];
            steps.extend(months.iter().map(|of| months::check_open(tenant, &of.account, of.month())));
            for row in rows {
                steps.push(TransactStep::Update(row_key(tenant, &row.key), show(row, file)?));
            }
            match self.table.transact(steps).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(0, _) => return Ok(false),
                // One of the months has no note, or is being closed. The others may be as well.
                Transacted::Refused(..) => {
                    for of in &months {
                        months::open(&self.table, tenant, of).await?;
                    }
                }
            }
        }
        Err(PortError::Unavailable("other processes keep closing the month".to_owned()))
    }

    /// Removes `file` from the files that show the row, and the row with its last file. Each is one conditional write,
    /// so that a row that another file shows is never removed.
    async fn unshow(&self, key: Item, file: &FileId) -> Result<(), PortError> {
        for _ in 0..TRIES {
            let found = match self.table.delete_if(key.clone(), alone(file)).await? {
                UpdateResult::Applied(_) | UpdateResult::Refused(None) => return Ok(()),
                UpdateResult::Refused(Some(found)) => found,
            };
            if !shown_by(&found, file) {
                return Ok(());
            }
            if let UpdateResult::Applied(_) =
                self.table.update(key.clone(), fewer(file), ReturnValue::None).await?
            {
                return Ok(());
            }
        }
        Err(PortError::Unavailable(
            "a transaction: other processes keep changing which files show it".to_owned(),
        ))
    }

    async fn stored(
        &self,
        tenant: &str,
        keys: &[&TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        let wanted: BTreeSet<&TransactionKey> = keys.iter().copied().collect();
        let found = self.table.get_all(wanted.into_iter().map(|key| row_key(tenant, key)).collect()).await?;
        let mut by_keys = HashMap::with_capacity(found.len());
        for item in found {
            let reading = ItemReader { item: &item, what: "a stored transaction" };
            by_keys.insert((reading.text(PK)?, reading.text(SK)?), item);
        }
        let read = |key: &&TransactionKey| {
            let keys = (partition(tenant, &key.account, key.month()), sort_key(key));
            by_keys.get(&keys).map(|item| decode((*key).clone(), item)).transpose()
        };
        keys.iter().map(read).collect()
    }
}

/// Checks that `file` is being processed under `token`.
fn check_held(tenant: &str, file: &FileId, token: &str) -> TransactStep {
    TransactStep::Check(record_key(tenant, &file.subject()), if_held(FileId::PROCESSING, token))
}

fn shows(change: &mut ItemChange, file: &FileId) -> String {
    format!("contains({}, {})", change.name(FILES), change.value(text(file.0.as_str())))
}

/// Requires that `file` is the only file that shows a row.
fn alone(file: &FileId) -> ItemChange {
    let mut change = ItemChange::default();
    let shown = shows(&mut change, file);
    let one = format!("size({}) = {}", change.name(FILES), change.value(number(1)));
    change.require(shown);
    change.require(one);
    change
}

/// Removes `file` from the files that show a row, if there are others.
fn fewer(file: &FileId) -> ItemChange {
    let mut change = ItemChange::default();
    let shown = shows(&mut change, file);
    let others = format!("size({}) > {}", change.name(FILES), change.value(number(1)));
    change.require(shown);
    change.require(others);
    change.delete(FILES, AttributeValue::Ss(vec![file.0.clone()]));
    change
}

/// Returns the step that removes `file` from the files that show `item`. `None` if `file` does not show it.
fn unshown(item: &Item, file: &FileId) -> Result<Option<TransactStep>, PortError> {
    let Some(AttributeValue::Ss(files)) = item.get(FILES) else { return Ok(None) };
    if !files.contains(&file.0) {
        return Ok(None);
    }
    let reading = ItemReader { item, what: "a stored transaction" };
    let own = key(reading.text(PK)?, reading.text(SK)?);
    let only = files.len() == 1;
    Ok(Some(if only {
        TransactStep::Delete(own, alone(file))
    } else {
        TransactStep::Update(own, fewer(file))
    }))
}

fn shown_by(item: &Item, file: &FileId) -> bool {
    matches!(item.get(FILES), Some(AttributeValue::Ss(files)) if files.contains(&file.0))
}

fn check(rows: usize) -> Result<(), PortError> {
    if rows <= BATCH {
        return Ok(());
    }
    Err(PortError::Broken(format!("{rows} rows in one call: {BATCH} are the most")))
}

#[async_trait]
impl TransactionStore for DynamoTransactions {
    fn batch(&self) -> usize {
        BATCH
    }

    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError> {
        check(rows.len())?;
        let (mut together, mut months) = (Vec::new(), BTreeSet::new());
        for row in rows {
            months.insert((&row.key.account, row.key.month()));
            if months.len() > MONTHS {
                if !self.store_together(tenant, file, token, &together).await? {
                    return Ok(StoredRows::NotYours);
                }
                (together, months) = (Vec::new(), BTreeSet::from([(&row.key.account, row.key.month())]));
            }
            together.push(row);
        }
        if !self.store_together(tenant, file, token, &together).await? {
            return Ok(StoredRows::NotYours);
        }
        // A transaction does not return what it wrote.
        let keys: Vec<&TransactionKey> = rows.iter().map(|row| &row.key).collect();
        let stored = self.stored(tenant, &keys).await?;
        // A row that no longer exists was removed with the file.
        let Some(stored) = stored.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(StoredRows::NotYours);
        };
        Ok(StoredRows::Done(stored.iter().map(|row| row.file == *file).collect()))
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        check(keys.len())?;
        self.stored(tenant, &keys.iter().collect::<Vec<_>>()).await
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
        let mut part = KeyRange::of(None, PK, partition(tenant, account, month));
        if let Some(after) = after {
            part = part.and(SK, if newest_first { "<" } else { ">" }, sort_key(after));
        }
        let part = KeyRange { descending: newest_first, limit: Some(limit as usize), ..part };
        let read = |item: &Item| {
            let sort = ItemReader { item, what: "a stored transaction" }.text(SK)?;
            let key = key_of(account, &sort);
            let key =
                key.ok_or_else(|| PortError::Broken("a transaction under an invalid key".to_owned()))?;
            decode(key, item)
        };
        self.table.query(part).await?.iter().map(read).collect()
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        let listed = self.table.query(KeyRange::of(None, PK, months::of(tenant))).await?;
        let mut months: Vec<(String, Month)> = listed.iter().map(months::decode).collect::<Result<_, _>>()?;
        months.sort();
        Ok(months)
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        check(categories.len())?;
        let mut changes = Vec::with_capacity(categories.len());
        for (key, wanted) in categories {
            let mut change = ItemChange::default();
            change.set(CATEGORY, category(wanted.as_ref())?);
            let there = change.is_present(PK);
            change.require(there);
            changes.push(self.table.update(row_key(tenant, key), change, ReturnValue::None));
        }
        all(changes).await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        check(keys.len())?;
        let removals = keys.iter().map(|key| self.unshow(row_key(tenant, key), file));
        all(removals.collect()).await
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        check(keys.len())?;
        let wanted: BTreeSet<&TransactionKey> = keys.iter().collect();
        for _ in 0..TRIES {
            let rows = wanted.iter().map(|key| row_key(tenant, key)).collect();
            let mut steps = vec![check_held(tenant, file, token)];
            for item in self.table.get_all(rows).await? {
                steps.extend(unshown(&item, file)?);
            }
            match self.table.transact(steps).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(0, _) => return Ok(false),
                // Another process has changed which files show one of them.
                Transacted::Refused(..) => {}
            }
        }
        Err(PortError::Unavailable(
            "transactions: other processes keep changing which files show them".to_owned(),
        ))
    }
}
