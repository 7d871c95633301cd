//! Monthly figures, replaced by version.

use async_trait::async_trait;
use riffle_ports::{FigureStore, Month, PortError, StoredFigures};

use super::{TRIES, months};
use crate::change::ItemChange;
use crate::compression::long;
use crate::item::{Item, ItemReader, number};
use crate::records::own;
use crate::table::{KeyRange, PK, SK, Table, UpdateResult, key};
use crate::transact::{TransactStep, Transacted};

const VERSION: &str = "vn";
const BODY: &str = "bd";

/// The figures in `RECORDS_TABLE`.
///
/// If the answer to [`put_figures`](FigureStore::put_figures) is lost, the SDK sends the write again and is refused
/// because of its own effect: the caller then derives the figures once more.
#[derive(Debug, Clone)]
pub struct DynamoFigures {
    pub(crate) table: Table,
}

fn partition(tenant: &str) -> String {
    format!("G#{}", own(tenant))
}

/// Requires that the figures have the version that was seen; 0 means that there were none.
fn unchanged(seen: u64) -> ItemChange {
    match seen {
        0 => ItemChange::if_absent(PK),
        seen => ItemChange::if_equal(VERSION, number(seen)),
    }
}

fn figures_key(tenant: &str, account: &str, month: Month) -> Item {
    key(partition(tenant), format!("{month}#{account}"))
}

fn decode(item: &Item) -> Result<StoredFigures, PortError> {
    let reading = ItemReader { item, what: "figures" };
    let wrong = || PortError::Broken("figures under an invalid key".to_owned());
    let sort = reading.text(SK)?;
    let (month, account) = sort.split_once('#').ok_or_else(wrong)?;
    Ok(StoredFigures {
        account: account.to_owned(),
        month: month.parse().map_err(|_| wrong())?,
        version: reading.number(VERSION)?,
        body: reading.long(BODY)?,
    })
}

#[async_trait]
impl FigureStore for DynamoFigures {
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError> {
        self.table.get(figures_key(tenant, account, month)).await?.map(|item| decode(&item)).transpose()
    }

    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError> {
        let mut item = figures_key(tenant, account, month);
        let version = if seen == 0 { StoredFigures::first_version(body) } else { seen + 1 };
        item.insert(VERSION.to_owned(), number(version));
        item.insert(BODY.to_owned(), long(body));
        if seen > 0 {
            return Ok(matches!(self.table.put_if(item, unchanged(seen)).await?, UpdateResult::Applied(_)));
        }
        for _ in 0..TRIES {
            let steps = vec![
                months::check_open(tenant, account, month),
                TransactStep::Put(item.clone(), unchanged(0)),
            ];
            match self.table.transact(steps).await? {
                Transacted::Done => return Ok(true),
                Transacted::Refused(0, _) => {
                    if !months::reopen(&self.table, tenant, account, month).await? {
                        return Ok(false);
                    }
                }
                Transacted::Refused(..) => return Ok(false),
            }
        }
        Err(PortError::Unavailable("other processes keep closing the month".to_owned()))
    }

    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError> {
        let Some(closing) = months::close(&self.table, tenant, account, month).await? else {
            return Ok(false);
        };
        let key = figures_key(tenant, account, month);
        let forgotten = match self.table.delete_if(key, unchanged(seen)).await? {
            UpdateResult::Applied(_) => true,
            // Already deleted by an earlier try.
            UpdateResult::Refused(found) => found.is_none(),
        };
        if forgotten { months::forget(&self.table, closing).await } else { Ok(false) }
    }

    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError> {
        if from > to {
            return Ok(Vec::new());
        }
        // `$` follows `#`: all accounts of the last month are before it.
        let part =
            KeyRange::of(None, PK, partition(tenant)).between(SK, format!("{from}#"), format!("{to}$"));
        self.table.query(part).await?.iter().map(decode).collect()
    }
}
