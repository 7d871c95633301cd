//! The analytics consumer: sums by month, derived from the set of transactions each time, never counted up.

use std::collections::BTreeMap;

use riffle_contracts::{AccountPeriod, Event, EventData};
use riffle_ports::{Failure, Month, Transaction};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Ingest;

/// Figures are lost to a rival at most so often in a row.
const TRIES: u32 = 16;
/// Transactions read at once.
const PAGE: u32 = 1_000;

/// One account's month, by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonthSums(pub BTreeMap<String, Sums>);

/// What came in and went out in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub count: u64,
    #[serde(with = "rust_decimal::serde::str")]
    pub money_in: Decimal,
    #[serde(with = "rust_decimal::serde::str")]
    pub money_out: Decimal,
    /// By category; uncategorised under the empty name, which no category has.
    pub categories: BTreeMap<String, CategorySum>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategorySum {
    pub count: u64,
    #[serde(with = "rust_decimal::serde::str")]
    pub sum: Decimal,
}

impl MonthSums {
    /// Adds one transaction.
    ///
    /// # Errors
    /// The sum has more digits than a decimal holds.
    pub fn add(&mut self, transaction: &Transaction) -> Result<(), Failure> {
        let too_large = || Failure::Reject("a sum is too large to be told".to_owned());
        let amount = transaction.amount;
        let sums = self.0.entry(transaction.currency.clone()).or_default();
        sums.count += 1;
        let side = if amount.is_sign_negative() { &mut sums.money_out } else { &mut sums.money_in };
        *side = side.checked_add(amount).ok_or_else(too_large)?;
        let name = transaction.category.as_ref().map_or("", |category| &category.name);
        let category = sums.categories.entry(name.to_owned()).or_default();
        category.count += 1;
        category.sum = category.sum.checked_add(amount).ok_or_else(too_large)?;
        Ok(())
    }
}

/// Whose figures an event may have changed.
fn touched(event: &Event) -> Result<&[AccountPeriod], Failure> {
    match &event.data {
        EventData::FileProcessed(data) => Ok(&data.accounts),
        EventData::TransactionsCategorized(data) => Ok(&data.accounts),
        EventData::FileDeleted(data) => Ok(&data.accounts),
        _ => Err(Failure::Reject(format!("a {} changes no figures", event.event_type().as_str()))),
    }
}

impl Ingest {
    pub async fn derive_figures(&self, event: &Event) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        for (account, month) in self.touched_months(event).await? {
            self.derive_month(tenant, &account, month).await?;
        }
        Ok(())
    }

    /// The months an event is about in which there ever was anything: a file may tell of a century.
    pub(crate) async fn touched_months(&self, event: &Event) -> Result<Vec<(String, Month)>, Failure> {
        let periods = touched(event)?;
        if periods.is_empty() {
            return Ok(Vec::new());
        }
        let mut months = self.transactions.months(event.data.tenant()).await?;
        months.retain(|(account, month)| {
            periods.iter().any(|period| {
                period.account == *account && (Month::of(period.from)..=Month::of(period.to)).contains(month)
            })
        });
        Ok(months)
    }

    async fn derive_month(&self, tenant: &str, account: &str, month: Month) -> Result<(), Failure> {
        for _ in 0..TRIES {
            // In this order: whoever put this version may have seen less, whoever puts the next one sees no less.
            let seen = self.figures.figures(tenant, account, month).await?.map_or(0, |stored| stored.version);
            let sums = self.month_sums(tenant, account, month).await?;
            let body = serde_json::to_string(&sums).expect("figures are plain data");
            if self.figures.put_figures(tenant, account, month, &body, seen).await? {
                return Ok(());
            }
        }
        Err(Failure::Retry("the figures are being derived by others".to_owned()))
    }

    /// From scratch.
    pub(crate) async fn month_sums(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<MonthSums, Failure> {
        let mut sums = MonthSums::default();
        let mut after = None;
        loop {
            let page = self.transactions.month(tenant, account, month, false, after.as_ref(), PAGE).await?;
            for transaction in &page {
                sums.add(transaction)?;
            }
            match page.last() {
                Some(last) if page.len() >= PAGE as usize => after = Some(last.key.clone()),
                _ => return Ok(sums),
            }
        }
    }
}
