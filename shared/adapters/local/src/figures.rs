//! Monthly figures, each replaced by its next version.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{FigureStore, Month, PortError, StoredFigures};

use crate::database::{Database, Sql as _};
use crate::names::NameNumbers;
use crate::transaction_rows::{days, month as read_month};

/// The figures in the state folder.
#[derive(Debug, Clone)]
pub struct LocalFigures {
    pub(crate) database: Arc<Database>,
}

#[async_trait]
impl FigureStore for LocalFigures {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        let (tenant, account) = (tenant.to_owned(), account.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = NameNumbers::new(&tenant).known(work, &account)? else { return Ok(None) };
                let sql = "SELECT version, body FROM figures WHERE account = ?1 AND month = ?2";
                work.first(sql, (number, month.to_string()), |row| {
                    Ok(StoredFigures {
                        account: account.clone(),
                        month,
                        version: row.get(0)?,
                        body: row.get(1)?,
                    })
                })
            })
            .await
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let version = if seen == 0 { StoredFigures::first_version(body) } else { seen + 1 };
        let (tenant, account, body) = (tenant.to_owned(), account.to_owned(), body.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = NameNumbers::new(&tenant).known(work, &account)? else { return Ok(false) };
                let sql = if seen == 0 {
                    "INSERT INTO figures (account, month, version, body) \
                     SELECT account, month, ?4, ?3 FROM months WHERE account = ?1 AND month = ?2 \
                     ON CONFLICT DO NOTHING"
                } else {
                    "UPDATE figures SET version = ?4, body = ?3 \
                     WHERE account = ?1 AND month = ?2 AND version = ?4 - 1"
                };
                Ok(work.run(sql, (number, month.to_string(), body, version))? == 1)
            })
            .await
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        let (first, end) = days(month)?;
        let (tenant, account) = (tenant.to_owned(), account.to_owned());
        self.database
            .call(move |work| {
                let Some(number) = NameNumbers::new(&tenant).known(work, &account)? else { return Ok(seen == 0) };
                let month = month.to_string();
                let is_forgettable: bool = work.one(
                    "SELECT coalesce((SELECT version FROM figures WHERE account = ?1 AND month = ?2), 0) = ?3 \
                     AND NOT EXISTS (SELECT 1 FROM transactions WHERE account = ?1 AND day >= ?4 AND day < ?5)",
                    (number, &month, seen, first, end),
                    |row| row.get(0),
                )?;
                if is_forgettable {
                    work.erasing(|| {
                        for table in ["figures", "months"] {
                            let sql = format!("DELETE FROM {table} WHERE account = ?1 AND month = ?2");
                            work.run(&sql, (number, &month))?;
                        }
                        let sql = "DELETE FROM accounts WHERE number = ?1 \
                             AND NOT EXISTS (SELECT 1 FROM months WHERE account = ?1) \
                             AND NOT EXISTS (SELECT 1 FROM figures WHERE account = ?1)";
                        work.run(sql, [number]).map(drop)
                    })?;
                }
                Ok(is_forgettable)
            })
            .await
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        let tenant = tenant.to_owned();
        self.database
            .call(move |work| {
                let sql = "SELECT name, month, version, body FROM accounts JOIN figures ON account = number \
                     WHERE tenant = ?1 AND month BETWEEN ?2 AND ?3 ORDER BY month, name";
                let found = work.rows(sql, (tenant, from.to_string(), to.to_string()), |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
                })?;
                let figures = found.into_iter().map(|(account, month, version, body)| {
                    Ok(StoredFigures { account, month: read_month(&month)?, version, body })
                });
                figures.collect()
            })
            .await
    }
}
