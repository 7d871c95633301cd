//! Transactions as a set, and the figures derived from it.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{PortError, Subject};

/// Names a statement's file, and the work on it: one version of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub String);

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FileId {
    /// The flow that has these files.
    pub const FLOW: &str = "statements";
    /// The state of a file's record while a worker stores transactions of it.
    pub const PROCESSING: &str = "processing";

    /// What its record, its events and its audit trail are about.
    pub fn subject(&self) -> Subject {
        Subject::new(Self::FLOW, self.0.as_str())
    }
}

impl AsRef<str> for FileId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// A calendar month: `2026-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i32,
    month: u32,
}

impl Month {
    pub fn of(date: NaiveDate) -> Self {
        Self { year: date.year(), month: date.month() }
    }

    #[must_use]
    pub const fn next(self) -> Self {
        if self.month == 12 {
            Self { year: self.year + 1, month: 1 }
        } else {
            Self { year: self.year, month: self.month + 1 }
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// Not `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a month is written as 2026-01")]
pub struct NoMonth;

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let (year, month) = text.split_once('-').ok_or(NoMonth)?;
        let digits = |part: &str, len| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NoMonth);
        }
        let (year, month) = (year.parse().map_err(|_| NoMonth)?, month.parse().map_err(|_| NoMonth)?);
        if (1..=12).contains(&month) { Ok(Self { year, month }) } else { Err(NoMonth) }
    }
}

impl TryFrom<String> for Month {
    type Error = NoMonth;

    fn try_from(text: String) -> Result<Self, NoMonth> {
        text.parse()
    }
}

/// Which transaction it is: the same however often and in whichever file it is told.
///
/// Ordered by account, then as a statement lists them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionKey {
    /// At most [`TransactionKey::MAX_ACCOUNT`] bytes.
    pub account: String,
    pub date: NaiveDate,
    /// A digest of what tells it from others, in lower-case hexadecimal.
    pub identity: String,
    /// From 1: identical rows of one statement are so many transactions.
    pub occurrence: u32,
}

impl TransactionKey {
    pub const MAX_ACCOUNT: usize = 128;

    pub fn month(&self) -> Month {
        Month::of(self.date)
    }
}

/// One booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    pub key: TransactionKey,
    pub value_date: Option<NaiveDate>,
    /// In the scale of the source. Negative: money went out.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// ISO 4217, empty if the file does not tell.
    pub currency: String,
    pub description: String,
    pub clean: String,
    pub counterparty: Option<String>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub balance: Option<Decimal>,
    pub kind: Option<String>,
    pub reference: Option<String>,
    /// The file that brought it first.
    pub file: FileId,
    /// Where in that file.
    pub place: String,
    pub category: Option<Category>,
}

/// What a transaction is for, and who says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub name: String,
    /// Such as `rule 3`.
    pub source: String,
    /// In percent.
    pub confidence: u8,
}

/// What figures need of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    pub amount: Decimal,
    pub currency: String,
    /// The name of its category.
    pub category: Option<String>,
}

/// What became of storing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredRows {
    /// For each row, whether this file was the first to bring it. The same on every repetition.
    Done(Vec<bool>),
    /// The file is not in the hands of who asks; nothing was stored.
    NotYours,
}

/// All reads are strongly consistent. Each method may fail half-way, and may be repeated.
#[async_trait]
pub trait TransactionStore: Send + Sync {
    /// How many rows one call of [`store`](Self::store), [`get`](Self::get), [`categorize`](Self::categorize),
    /// [`remove`](Self::remove) or [`withdraw`](Self::withdraw) takes.
    fn batch(&self) -> usize;

    /// Adds `file` to those that show each of `rows`, and stores the ones that are not there: content, once stored,
    /// does not change. No row is stored unless the record of `file` is [`FileId::PROCESSING`] and its lease has
    /// `token`. No two rows have the same key.
    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError>;

    /// In the order of `keys`.
    async fn get(&self, tenant: &str, keys: &[TransactionKey])
    -> Result<Vec<Option<Transaction>>, PortError>;

    /// Transactions of one account and month by key, those after `after`; with `newest_first` from the last to the
    /// first, those before it.
    async fn month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        newest_first: bool,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<Vec<Transaction>, PortError>;

    /// What figures need of the transactions of one account and month: of those after `after`, by key, and the key of
    /// the last one if there may be more.
    async fn booked(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<(Vec<Booked>, Option<TransactionKey>), PortError> {
        let page = self.month(tenant, account, month, false, after, limit).await?;
        let last = page.last().filter(|_| page.len() >= limit as usize).map(|last| last.key.clone());
        let booked = page.into_iter().map(|Transaction { amount, currency, category, .. }| Booked {
            amount,
            currency,
            category: category.map(|category| category.name),
        });
        Ok((booked.collect(), last))
    }

    /// Every account and month in which something was stored since it was last [forgotten](FigureStore::forget_month),
    /// ascending.
    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError>;

    /// Sets categories. One that is gone is passed over.
    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError>;

    /// `file` no longer shows these. One that no file shows any more is removed.
    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError>;

    /// [`remove`](Self::remove) for whoever is at work: none of these goes unless the file's record is as for
    /// [`store`](Self::store) at that moment. `false`: it is not, and what others store of it since stays.
    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError>;
}

/// What was derived from one account's month, and how often it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFigures {
    pub account: String,
    pub month: Month,
    /// From [`first_version`](Self::first_version) on.
    pub version: u64,
    /// JSON of the flow's own making.
    pub body: String,
}

impl StoredFigures {
    /// The version of the first figures of a month. After a month was forgotten, its figures begin with another one, as
    /// long as they say when they were derived: whoever saw those of before cannot replace them.
    pub fn first_version(body: &str) -> u64 {
        // FNV-1a, of which every store of numbers holds 52 bits.
        let hash = body.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        1 + (hash >> 12)
    }
}

/// Figures, replaced by version, so that of two who derive them at once the one who saw less does not win.
#[async_trait]
pub trait FigureStore: Send + Sync {
    /// Strongly consistent.
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError>;

    /// Stores `body` as version `seen + 1` if the present version is `seen`, and as the first one if there are none, `seen`
    /// is 0, and the month is known. Whether it was. So nobody who has seen its transactions leaves figures in a month
    /// that was [forgotten](Self::forget_month) meanwhile.
    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError>;

    /// Forgets figures of version `seen` (0: there are none), and the month with them, if no transaction is in it: that
    /// something was stored there, and the account with its last month. Whether nothing of the month is left. A
    /// transaction that is stored meanwhile is in a month that is known.
    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError>;

    /// All of the tenant's from month `from` to `to`, both included, by month, then account. Strongly consistent.
    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError>;
}
