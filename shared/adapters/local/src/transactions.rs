//! Transactions in `SQLite`: a set of rows in statement order, designed for millions of rows.
//!
//! `transaction_rows` defines the format of a row.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{
    Booked, Category, FileId, Month, PortError, StoredRows, Transaction, TransactionKey, TransactionStore,
};
use rusqlite::params;

use crate::database::{Database, Sql as _, WorkContext, WorkError};
use crate::names::{NameNumbers, Names};
use crate::records::{held_file, number};
use crate::transaction_rows::{self as rows, ShowingFiles, TransactionRowKey};

/// This many rows take the database thread some 20 ms, during which it serves no other call.
const BATCH: usize = 2_500;

/// The transactions in the state folder.
#[derive(Debug, Clone)]
pub struct LocalTransactions {
    pub(crate) database: Arc<Database>,
}

#[async_trait]
impl TransactionStore for LocalTransactions {
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
        // Prepare the rows here, outside the single database thread.
        let mut rows: Vec<(usize, rows::New)> =
            rows.iter().map(rows::New::of).collect::<Result<Vec<_>, _>>()?.into_iter().enumerate().collect();
        // Write neighbouring rows of the table one after the other.
        rows.sort_by(|(_, one), (_, other)| one.place_in_table().cmp(&other.place_in_table()));
        let (tenant, file, token) = (tenant.to_owned(), file.clone(), token.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = held_file(work, &tenant, &file, &token)? else {
                    return Ok(StoredRows::NotYours);
                };
                let mut first = vec![false; rows.len()];
                let mut numbers = NameNumbers::new(&tenant);
                for (position, row) in &rows {
                    first[*position] = store(work, number, row, &mut numbers)?;
                }
                Ok(StoredRows::Done(first))
            })
            .await
    }

    async fn get(
        &self,
        tenant: &str,
        keys: &[TransactionKey],
    ) -> Result<Vec<Option<Transaction>>, PortError> {
        let keys = keys.iter().map(TransactionRowKey::of).collect::<Result<Vec<_>, _>>()?;
        let tenant = tenant.to_owned();
        self.database
            .call(move |work| {
                let (mut numbers, mut names) = (NameNumbers::new(&tenant), Names::default());
                let get = |key: TransactionRowKey| {
                    let Some(account) = numbers.known(work, &key.account)? else { return Ok(None) };
                    let found =
                        work.first(rows::GET, key.within(account), |row| rows::read(row, &key.account))?;
                    found.map(|found| found.named(work, &mut names)).transpose()
                };
                keys.into_iter().map(get).collect()
            })
            .await
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
        let after = after.map(TransactionRowKey::of).transpose()?.map(TransactionRowKey::within_account);
        let (first, end) = rows::days(month)?;
        let (tenant, account) = (tenant.to_owned(), account.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = NameNumbers::new(&tenant).known(work, &account)? else {
                    return Ok(Vec::new());
                };
                let mut names = Names::default();
                let (sql, bound, begin) = if newest_first {
                    (rows::NEWEST_FIRST, first, rows::before(end))
                } else {
                    (rows::OLDEST_FIRST, end, rows::before(first))
                };
                let after = match after {
                    None => begin,
                    Some(after) if newest_first => after.min(begin),
                    Some(after) => after.max(begin),
                };
                let with = params![number, bound, after.0, after.1, after.2, limit];
                let found = work.rows(sql, with, |row| rows::read(row, &account))?;
                found.into_iter().map(|row| row.named(work, &mut names)).collect()
            })
            .await
    }

    async fn booked(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<(Vec<Booked>, Option<TransactionKey>), PortError> {
        let after = after.map(TransactionRowKey::of).transpose()?.map(TransactionRowKey::within_account);
        let (first, end) = rows::days(month)?;
        let after = after.map_or_else(|| rows::before(first), |after| after.max(rows::before(first)));
        let (tenant, account) = (tenant.to_owned(), account.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = NameNumbers::new(&tenant).known(work, &account)? else {
                    return Ok((Vec::new(), None));
                };
                let (mut names, mut booked, mut last) = (Names::default(), Vec::new(), None);
                let mut statement = work.prepare_cached(rows::BOOKED)?;
                let mut found = statement.query(params![number, end, after.0, after.1, after.2, limit])?;
                while let Some(row) = found.next()? {
                    let (one, category) = rows::read_booked(row)?;
                    let category = names.category(work, category)?.map(|category| category.name);
                    booked.push(Booked { category, ..one });
                    if booked.len() >= limit as usize {
                        last = Some(rows::read_key(row, &account)?);
                    }
                }
                Ok((booked, last))
            })
            .await
    }

    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError> {
        let tenant = tenant.to_owned();
        self.database
            .call(move |work| {
                let sql = "SELECT name, month FROM accounts JOIN months ON account = number \
                     WHERE tenant = ?1 ORDER BY name, month";
                let found = work.rows(sql, [tenant], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
                found.into_iter().map(|(account, month)| Ok((account, rows::month(&month)?))).collect()
            })
            .await
    }

    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError> {
        let categories = categories
            .iter()
            .map(|(key, category)| Ok((TransactionRowKey::of(key)?, category.clone())))
            .collect::<Result<Vec<_>, PortError>>()?;
        let tenant = tenant.to_owned();
        self.database
            .call(move |work| {
                let mut numbers = NameNumbers::new(&tenant);
                for (key, category) in &categories {
                    let Some(account) = numbers.known(work, &key.account)? else { continue };
                    let category = numbers.category(work, category.as_ref())?;
                    // The last condition avoids writing an unchanged row.
                    work.run(
                        "UPDATE transactions SET category = ?5 WHERE account = ?1 AND day = ?2 \
                         AND identity = ?3 AND occurrence = ?4 AND category <> ?5",
                        params![account, key.day, key.identity, key.occurrence, category],
                    )?;
                }
                Ok(())
            })
            .await
    }

    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError> {
        let keys = keys.iter().map(TransactionRowKey::of).collect::<Result<Vec<_>, _>>()?;
        let (tenant, file) = (tenant.to_owned(), file.clone());
        self.database
            .call(move |work| {
                let Some(file) = number(work, &tenant, &file.subject())? else { return Ok(()) };
                remove_all(work, &tenant, file, &keys)
            })
            .await
    }

    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError> {
        let keys = keys.iter().map(TransactionRowKey::of).collect::<Result<Vec<_>, _>>()?;
        let (tenant, file, token) = (tenant.to_owned(), file.clone(), token.to_owned());
        self.database
            .call(move |work| {
                let Some(file) = held_file(work, &tenant, &file, &token)? else { return Ok(false) };
                remove_all(work, &tenant, file, &keys)?;
                Ok(true)
            })
            .await
    }
}

fn remove_all(
    work: &WorkContext<'_>,
    tenant: &str,
    file: u32,
    keys: &[TransactionRowKey],
) -> Result<(), WorkError> {
    let mut numbers = NameNumbers::new(tenant);
    work.erasing(|| {
        for key in keys {
            let Some(account) = numbers.known(work, &key.account)? else { continue };
            remove(work, account, key, file)?;
        }
        Ok(())
    })
}

/// Stores a row. Returns whether this file was the first to store it.
fn store(
    work: &WorkContext<'_>,
    file: u32,
    row: &rows::New,
    numbers: &mut NameNumbers,
) -> Result<bool, WorkError> {
    let account = numbers.account(work, &row.key.account)?;
    numbers.month(work, account, row.month)?;
    let category = numbers.category(work, row.category.as_ref())?;
    if row.insert(work, account, file, category)? {
        return Ok(true);
    }
    let Some((first, mut shown)) = shown(work, account, &row.key)? else {
        return Err(WorkError::Unreadable("an existing transaction cannot be found".to_owned()));
    };
    if shown.add(file) {
        show(work, account, &row.key, &shown)?;
    }
    Ok(first == file)
}

fn remove(work: &WorkContext<'_>, account: i64, key: &TransactionRowKey, file: u32) -> Result<(), WorkError> {
    let Some((_, mut shown)) = shown(work, account, key)? else { return Ok(()) };
    if !shown.remove(file) {
        return Ok(());
    }
    if !shown.is_empty() {
        return show(work, account, key, &shown);
    }
    let sql =
        "DELETE FROM transactions WHERE account = ?1 AND day = ?2 AND identity = ?3 AND occurrence = ?4";
    work.run(sql, key.within(account)).map(drop)
}

/// Returns the file that first stored a transaction, and the files that show it.
fn shown(
    work: &WorkContext<'_>,
    account: i64,
    key: &TransactionRowKey,
) -> Result<Option<(u32, ShowingFiles)>, WorkError> {
    let sql = "SELECT file, shown FROM transactions \
         WHERE account = ?1 AND day = ?2 AND identity = ?3 AND occurrence = ?4";
    work.first(sql, key.within(account), |row| {
        let first = row.get(0)?;
        Ok((first, ShowingFiles::read(first, row.get(1)?)))
    })
}

fn show(
    work: &WorkContext<'_>,
    account: i64,
    key: &TransactionRowKey,
    shown: &ShowingFiles,
) -> Result<(), WorkError> {
    let sql = "UPDATE transactions SET shown = ?5 \
         WHERE account = ?1 AND day = ?2 AND identity = ?3 AND occurrence = ?4";
    work.run(sql, params![account, key.day, key.identity, key.occurrence, shown.blob()]).map(drop)
}
