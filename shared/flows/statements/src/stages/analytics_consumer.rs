//! The analytics consumer: sums by month, always derived from the set of transactions and never incremented.
//!
//! Many events about one month cause one derivation. If the stored figures were derived after a message was sent, the
//! message needs no further derivation, because the transactions it is about were stored before it was sent. So the
//! cost of a month is that of reading its transactions once, not once for each event.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{AccountPeriod, BusEvent, EVENT_SOURCE, Event, EventData, TransactionsCategorized};
use riffle_ports::{Booked, Failure, FileId, Month, send_all};
use riffle_topology::statements;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Statements;
use crate::state::outbox::event;

/// Attempts to store figures. Each attempt but the last may lose a conditional write to another process.
const TRIES: u32 = 16;
/// Transactions read in one call.
const PAGE: u32 = 5_000;

/// The stored figures of one account and month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// All transactions that were stored before this time are in the sums.
    pub derived_at: DateTime<Utc>,
    pub sums: MonthSums,
}

/// The sums of one account and month, by currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MonthSums(pub BTreeMap<String, CurrencySums>);

/// The money that came in and went out in one currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencySums {
    pub count: u64,
    #[serde(with = "rust_decimal::serde::str")]
    pub money_in: Decimal,
    #[serde(with = "rust_decimal::serde::str")]
    pub money_out: Decimal,
    /// By category. Uncategorised transactions are under the empty name, which no category has.
    pub categories: BTreeMap<String, CategorySum>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategorySum {
    pub count: u64,
    #[serde(with = "rust_decimal::serde::str")]
    pub sum: Decimal,
}

impl Figures {
    /// # Errors
    /// [`Failure::Reject`] if `stored` is not the JSON of figures.
    pub fn read(stored: &str) -> Result<Self, Failure> {
        serde_json::from_str(stored)
            .map_err(|error| Failure::Reject(format!("figures cannot be read: {error}")))
    }

    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("figures are plain data")
    }
}

impl MonthSums {
    /// Adds one transaction.
    ///
    /// # Errors
    /// [`Failure::Reject`] if a sum has more digits than a decimal holds.
    pub fn add(&mut self, booked: Booked) -> Result<(), Failure> {
        let too_large = || Failure::Reject("a sum is too large".to_owned());
        let amount = booked.amount;
        let sums = self.0.entry(booked.currency).or_default();
        sums.count += 1;
        let side = if amount.is_sign_negative() { &mut sums.money_out } else { &mut sums.money_in };
        *side = side.checked_add(amount).ok_or_else(too_large)?;
        let category = sums.categories.entry(booked.category.unwrap_or_default()).or_default();
        category.count += 1;
        category.sum = category.sum.checked_add(amount).ok_or_else(too_large)?;
        Ok(())
    }
}

/// Returns the accounts and periods that an event itself names; the file's record may name more.
fn touched(event: &Event) -> Result<&[AccountPeriod], Failure> {
    match &event.data {
        EventData::FileProcessed(data) => Ok(&data.accounts),
        EventData::TransactionsCategorized(data) => Ok(&data.accounts),
        EventData::FileDeleted(data) => Ok(&data.accounts),
        _ => Err(Failure::Reject(format!("{} events change no figures", event.event_type().as_str()))),
    }
}

impl Statements {
    /// Derives the figures that an event may have changed. Its message was sent before `sent_before`, which is known if
    /// the queue reports it.
    pub async fn derive_figures(
        &self,
        event: &Event,
        sent_before: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        let tenant = event.data.tenant();
        for (account, month) in self.touched_months(event).await? {
            self.derive_month(tenant, &account, month, sent_before).await?;
        }
        Ok(())
    }

    /// Returns the accounts and months an event is about, but only those that ever had transactions: a file may span a
    /// century.
    pub(crate) async fn touched_months(&self, event: &Event) -> Result<Vec<(String, Month)>, Failure> {
        let (tenant, id) = (event.data.tenant(), FileId(event.processing_id.clone()));
        let mut periods = touched(event)?.to_vec();
        if let Some(file) = self.file(tenant, &id).await? {
            periods.extend(file.findings.periods());
        }
        let (Some(from), Some(to)) =
            (periods.iter().map(|period| period.from).min(), periods.iter().map(|period| period.to).max())
        else {
            return Ok(Vec::new());
        };
        // A process that derived figures while the last transaction was being removed may have left figures of an empty
        // month.
        let left = self.figures.all_figures(tenant, Month::of(from), Month::of(to)).await?;
        let left = left.into_iter().map(|figures| (figures.account, figures.month));
        let mut months: BTreeSet<(String, Month)> =
            self.transactions.months(tenant).await?.into_iter().collect();
        months.extend(left);
        months.retain(|(account, month)| {
            periods.iter().any(|period| {
                period.account == *account && (Month::of(period.from)..=Month::of(period.to)).contains(month)
            })
        });
        Ok(months.into_iter().collect())
    }

    /// Requests that the figures of these accounts and days be derived again. Sends the message directly to the queue,
    /// because the bus archives its events, and the accounts and days of a deleted file must not be in any archive.
    pub(crate) async fn ask_for_figures(
        &self,
        tenant: &str,
        file: &FileId,
        accounts: Vec<AccountPeriod>,
        why: &str,
    ) -> Result<(), Failure> {
        if accounts.is_empty() {
            return Ok(());
        }
        let (tenant, now) = (tenant.to_owned(), self.clock.now());
        let data = TransactionsCategorized { tenant: tenant.clone(), accounts };
        let detail = event(file, now, EventData::TransactionsCategorized(data), &[why]);
        let message = BusEvent {
            id: detail.event_id.clone(),
            detail_type: detail.event_type().as_str().to_owned(),
            source: EVENT_SOURCE.to_owned(),
            time: now,
            replay_name: None,
            detail,
        };
        send_all(&*self.queue, statements::FIGURES, &tenant, [message]).await
    }

    async fn derive_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        sent_before: Option<DateTime<Utc>>,
    ) -> Result<(), Failure> {
        for _ in 0..TRIES {
            // Read the stored version before the transactions. The process that stored this version may have seen fewer
            // transactions, and a process that replaces it has seen no fewer.
            let stored = self.figures.figures(tenant, account, month).await?;
            let derived_at = self.clock.now();
            if let (Some(stored), Some(sent_before)) = (&stored, sent_before)
                && self.holds_all(&Figures::read(&stored.body)?, sent_before, derived_at)
            {
                return Ok(());
            }
            let sums = self.month_sums(tenant, account, month).await?;
            let seen = stored.map_or(0, |stored| stored.version);
            if sums.0.is_empty() {
                if self.figures.forget_month(tenant, account, month, seen).await? {
                    return Ok(());
                }
                continue;
            }
            let body = Figures { derived_at, sums }.write();
            if self.figures.put_figures(tenant, account, month, &body, seen).await? {
                return Ok(());
            }
        }
        Err(Failure::Retry("other processes are updating the same figures".to_owned()))
    }

    /// Returns whether `figures` include everything that was stored before `sent_before`. Returns `false` if a clock
    /// has been set back since.
    fn holds_all(&self, figures: &Figures, sent_before: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let apart = TimeDelta::from_std(self.settings.clocks_apart).expect("clocks are seconds apart");
        (sent_before + apart..=now + apart).contains(&figures.derived_at)
    }

    /// Derives the sums of one account and month from all of its transactions.
    pub(crate) async fn month_sums(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<MonthSums, Failure> {
        let mut sums = MonthSums::default();
        let mut after = None;
        loop {
            let (page, last) = self.transactions.booked(tenant, account, month, after.as_ref(), PAGE).await?;
            for booked in page {
                sums.add(booked)?;
            }
            match last {
                Some(last) => after = Some(last),
                None => return Ok(sums),
            }
        }
    }
}
