//! The set of transactions, and the figures derived from it.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{PortError, Subject};

/// The id of a statement's file and of the work on it: one version of one object.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub String);

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FileId {
    /// The flow that these files belong to.
    pub const FLOW: &str = "statements";
    /// The state of a file's record while a worker stores its transactions.
    pub const PROCESSING: &str = "processing";

    /// Returns the subject of the file's record, its events and its audit trail.
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

/// The text is not of the form `YYYY-MM`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a month must have the form 2026-01")]
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

/// The identity of a transaction: the same in every file that contains it, however often it is read.
///
/// Ordered by account, then as a statement lists them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TransactionKey {
    /// At most [`TransactionKey::MAX_ACCOUNT`] bytes.
    pub account: String,
    pub date: NaiveDate,
    /// A digest of the fields that distinguish it from other transactions, in lower-case hexadecimal.
    pub identity: String,
    /// From 1: identical rows of one statement are separate transactions.
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
    /// With the number of decimals of the source. Negative: money went out.
    #[serde(with = "rust_decimal::serde::str")]
    pub amount: Decimal,
    /// ISO 4217, empty if the file does not state it.
    pub currency: String,
    pub description: String,
    pub clean: String,
    pub counterparty: Option<String>,
    #[serde(with = "rust_decimal::serde::str_option")]
    pub balance: Option<Decimal>,
    pub kind: Option<String>,
    pub reference: Option<String>,
    /// The first file that contained it.
    pub file: FileId,
    /// The position in that file.
    pub place: String,
    pub category: Option<Category>,
}

/// The purpose of a transaction, and the source of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    pub name: String,
    /// Such as `rule 3`.
    pub source: String,
    /// In percent.
    pub confidence: u8,
}

/// The fields of a transaction that figures need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    pub amount: Decimal,
    pub currency: String,
    /// The name of its category.
    pub category: Option<String>,
}

/// The result of storing rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredRows {
    /// For each row, whether this file was the first to contain it. The same on every repetition.
    Done(Vec<bool>),
    /// The caller does not hold the file; nothing was stored.
    NotYours,
}

/// A store of transactions. All reads are strongly consistent. Each method may fail half-way, and may be repeated.
#[async_trait]
pub trait TransactionStore: Send + Sync {
    /// Returns the number of rows that one call of [`store`](Self::store), [`get`](Self::get),
    /// [`categorize`](Self::categorize), [`remove`](Self::remove) or [`withdraw`](Self::withdraw) takes, at most.
    fn batch(&self) -> usize;

    /// Adds `file` to the files that show each of `rows`, and stores the rows that are not stored yet: content, once
    /// stored, does not change. Stores nothing unless the record of `file` is [`FileId::PROCESSING`] and its lease has
    /// `token`. No two rows may have the same key.
    async fn store(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        rows: &[Transaction],
    ) -> Result<StoredRows, PortError>;

    /// Returns the transactions in the order of `keys`, `None` for a missing one.
    async fn get(&self, tenant: &str, keys: &[TransactionKey])
    -> Result<Vec<Option<Transaction>>, PortError>;

    /// Returns transactions of one account and month, ascending by key, those after `after`; with `newest_first`
    /// descending, those before `after`.
    async fn month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        newest_first: bool,
        after: Option<&TransactionKey>,
        limit: u32,
    ) -> Result<Vec<Transaction>, PortError>;

    /// Returns what figures need of the transactions of one account and month, those after `after` by key, and the key
    /// of the last one if there may be more.
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

    /// Returns every account and month in which something was stored since it was last
    /// [forgotten](FigureStore::forget_month), ascending.
    async fn months(&self, tenant: &str) -> Result<Vec<(String, Month)>, PortError>;

    /// Sets categories. Skips transactions that no longer exist.
    async fn categorize(
        &self,
        tenant: &str,
        categories: &[(TransactionKey, Option<Category>)],
    ) -> Result<(), PortError>;

    /// Removes `file` from the files that show these transactions. A transaction that no file shows any more is
    /// removed.
    async fn remove(&self, tenant: &str, file: &FileId, keys: &[TransactionKey]) -> Result<(), PortError>;

    /// Does the same as [`remove`](Self::remove), for a worker that holds the file: removes nothing unless the file's
    /// record satisfies the condition of [`store`](Self::store) at that moment. `false`: it does not, and rows that
    /// other workers have stored since stay.
    async fn withdraw(
        &self,
        tenant: &str,
        file: &FileId,
        token: &str,
        keys: &[TransactionKey],
    ) -> Result<bool, PortError>;
}

/// The figures derived from one account's month, with a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFigures {
    pub account: String,
    pub month: Month,
    /// Starts at [`first_version`](Self::first_version) and increases with each replacement.
    pub version: u64,
    /// JSON that only the flow reads.
    pub body: String,
}

impl StoredFigures {
    /// Returns the version of a month's first figures, a hash of them. Figures state when they were derived, so a month
    /// that was forgotten begins again with another version, and a process that has seen the earlier figures cannot
    /// replace the new ones.
    pub fn first_version(body: &str) -> u64 {
        // FNV-1a. Only 52 bits are used, because every store can hold such a number exactly.
        let hash = body.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        1 + (hash >> 12)
    }
}

/// A store of figures. They are replaced by version, so that of two processes that derive them concurrently the one
/// that saw fewer transactions does not win.
#[async_trait]
pub trait FigureStore: Send + Sync {
    /// Returns the stored figures. Strongly consistent.
    async fn figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
    ) -> Result<Option<StoredFigures>, PortError>;

    /// Stores `body` as version `seen + 1` if the present version is `seen`; or as the first version if there are no
    /// figures, `seen` is 0, and the month is known. Returns whether it was stored. So a process that has read a
    /// month's transactions cannot store figures in a month that was [forgotten](Self::forget_month) meanwhile.
    async fn put_figures(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        body: &str,
        seen: u64,
    ) -> Result<bool, PortError>;

    /// Removes figures of version `seen` (0: there are none), and the record that something was stored in the month,
    /// unless a transaction is in it. With an account's last month, removes the account too. Returns whether nothing of
    /// the month is left. A transaction that is stored meanwhile makes the month known again.
    async fn forget_month(
        &self,
        tenant: &str,
        account: &str,
        month: Month,
        seen: u64,
    ) -> Result<bool, PortError>;

    /// Returns the tenant's figures from month `from` to `to`, both included, by month, then account. Strongly
    /// consistent.
    async fn all_figures(
        &self,
        tenant: &str,
        from: Month,
        to: Month,
    ) -> Result<Vec<StoredFigures>, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_written_as_year_and_month() {
        for text in ["2026-01", "2026-12", "0001-10"] {
            let month: Month = text.parse().expect("a month");
            assert_eq!((month.to_string(), String::from(month)), (text.to_owned(), text.to_owned()));
        }
        for text in
            ["2026-00", "2026-13", "2026-1", "226-01", "2026-1a", "a026-01", "2026/01", "2026-01-01", ""]
        {
            assert_eq!(text.parse::<Month>(), Err(NoMonth), "{text}");
        }
    }

    #[test]
    fn december_is_followed_by_january() {
        let next = |text: &str| text.parse::<Month>().expect("a month").next().to_string();
        assert_eq!([next("2026-11"), next("2026-12"), next("2026-01")], ["2026-12", "2027-01", "2026-02"]);
    }

    #[test]
    fn first_versions_differ_with_the_figures() {
        // FNV-1a of "a" is AF63DC4C8601EC8C.
        assert_eq!(StoredFigures::first_version("a"), 1 + 0x000A_F63D_C4C8_601E);
        assert_ne!(StoredFigures::first_version("a"), StoredFigures::first_version("b"));
    }

    #[test]
    fn an_id_is_shown_as_it_is() {
        let id = FileId("0123".to_owned());
        assert_eq!((id.to_string().as_str(), id.as_ref()), ("0123", "0123"));
    }
}
