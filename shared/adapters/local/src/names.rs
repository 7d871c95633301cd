//! Numbers in place of names that occur in millions of rows.

use std::collections::{HashMap, HashSet};

use riffle_ports::{Category, FileId, Month};

use crate::database::{Sql as _, WorkContext, WorkError};

/// The number of "no category".
pub(crate) const NO_CATEGORY: i64 = 2;

/// The names of numbers, cached during a call.
#[derive(Debug, Default)]
pub(crate) struct Names {
    files: HashMap<u32, FileId>,
    categories: HashMap<i64, Category>,
}

impl Names {
    pub(crate) fn file(&mut self, work: &WorkContext<'_>, number: u32) -> Result<FileId, WorkError> {
        if let Some(file) = self.files.get(&number) {
            return Ok(file.clone());
        }
        let file =
            work.one("SELECT id FROM records WHERE number = ?1", [number], |row| row.get(0).map(FileId))?;
        self.files.insert(number, file.clone());
        Ok(file)
    }

    pub(crate) fn category(
        &mut self,
        work: &WorkContext<'_>,
        number: i64,
    ) -> Result<Option<Category>, WorkError> {
        if number == NO_CATEGORY {
            return Ok(None);
        }
        if let Some(category) = self.categories.get(&number) {
            return Ok(Some(category.clone()));
        }
        let sql = "SELECT name, source, confidence FROM categories WHERE number = ?1";
        let category = work.one(sql, [number], |row| {
            Ok(Category { name: row.get(0)?, source: row.get(1)?, confidence: row.get(2)? })
        })?;
        self.categories.insert(number, category.clone());
        Ok(Some(category))
    }
}

/// The numbers of names, cached during a call.
#[derive(Debug)]
pub(crate) struct NameNumbers {
    tenant: String,
    accounts: HashMap<String, i64>,
    months: HashSet<(i64, Month)>,
    categories: Vec<(Category, i64)>,
}

impl NameNumbers {
    pub(crate) fn new(tenant: &str) -> Self {
        Self {
            tenant: tenant.to_owned(),
            accounts: HashMap::new(),
            months: HashSet::new(),
            categories: Vec::new(),
        }
    }

    /// Returns the number of an account; `None` if nothing was ever stored for it.
    pub(crate) fn known(&mut self, work: &WorkContext<'_>, account: &str) -> Result<Option<i64>, WorkError> {
        if let Some(number) = self.accounts.get(account) {
            return Ok(Some(*number));
        }
        let sql = "SELECT number FROM accounts WHERE tenant = ?1 AND name = ?2";
        let number = work.first(sql, (&self.tenant, account), |row| row.get(0))?;
        if let Some(number) = number {
            self.accounts.insert(account.to_owned(), number);
        }
        Ok(number)
    }

    pub(crate) fn account(&mut self, work: &WorkContext<'_>, account: &str) -> Result<i64, WorkError> {
        if let Some(number) = self.known(work, account)? {
            return Ok(number);
        }
        work.run("INSERT INTO accounts (tenant, name) VALUES (?1, ?2)", (&self.tenant, account))?;
        let number = work.last_insert_rowid();
        self.accounts.insert(account.to_owned(), number);
        Ok(number)
    }

    /// Records that this month of the account has rows.
    pub(crate) fn month(
        &mut self,
        work: &WorkContext<'_>,
        account: i64,
        month: Month,
    ) -> Result<(), WorkError> {
        if self.months.insert((account, month)) {
            let sql = "INSERT INTO months (account, month) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            work.run(sql, (account, month.to_string()))?;
        }
        Ok(())
    }

    pub(crate) fn category(
        &mut self,
        work: &WorkContext<'_>,
        category: Option<&Category>,
    ) -> Result<i64, WorkError> {
        let Some(category) = category else { return Ok(NO_CATEGORY) };
        if let Some((_, number)) = self.categories.iter().find(|(known, _)| known == category) {
            return Ok(*number);
        }
        let Category { name, source, confidence } = category;
        work.run(
            "INSERT INTO categories (name, source, confidence) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            (name, source, confidence),
        )?;
        let sql = "SELECT number FROM categories WHERE name = ?1 AND source = ?2 AND confidence = ?3";
        let number = work.one(sql, (name, source, confidence), |row| row.get(0))?;
        self.categories.push((category.clone(), number));
        Ok(number)
    }
}
