//! A transaction as a compact row, because there may be ten million of them.
//!
//! Accounts, files and categories are numbers, days count from the year 1, a digest is stored as bytes, the clean text
//! is left out if it equals the bank's, and `line 12` is stored as 12.

use chrono::{Datelike, NaiveDate};
use data_encoding::HEXLOWER;
use riffle_ports::{Booked, Category, FileId, Month, PortError, Transaction, TransactionKey};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Params, Row, ToSql, params};
use rust_decimal::Decimal;

use crate::database::{Sql as _, WorkContext, WorkError};
use crate::names::Names;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT day, identity, occurrence, value_day, amount, currency, description, clean, counterparty, \
             balance, kind, reference, place, file, category FROM transactions WHERE account = ?1 AND ",
            $rest
        )
    };
}

/// Parameters: account, day, identity, occurrence.
pub(crate) const GET: &str = select!("day = ?2 AND identity = ?3 AND occurrence = ?4");
/// Parameters: account, day after the last, start position (exclusive), limit. The start position is the only lower
/// bound: with a first day in addition, SQLite reads all rows from that day on.
pub(crate) const OLDEST_FIRST: &str = select!(
    "day < ?2 AND (day, identity, occurrence) > (?3, ?4, ?5) ORDER BY day, identity, occurrence LIMIT ?6"
);
/// The reverse order. Parameters: account, first day, start position (exclusive), limit.
pub(crate) const NEWEST_FIRST: &str = select!(
    "day >= ?2 AND (day, identity, occurrence) < (?3, ?4, ?5) \
     ORDER BY day DESC, identity DESC, occurrence DESC LIMIT ?6"
);
/// The columns that figures need of a transaction, and its key; otherwise like [`OLDEST_FIRST`].
pub(crate) const BOOKED: &str = "SELECT day, identity, occurrence, amount, currency, category FROM transactions \
     WHERE account = ?1 AND day < ?2 AND (day, identity, occurrence) > (?3, ?4, ?5) \
     ORDER BY day, identity, occurrence LIMIT ?6";

/// A key as in the table, except that the account is a name instead of a number.
#[derive(Debug)]
pub(crate) struct TransactionRowKey {
    pub(crate) account: String,
    pub(crate) day: i32,
    pub(crate) identity: StoredIdentity,
    pub(crate) occurrence: u32,
}

/// The part of a key that distinguishes a transaction from others. Digests of one length keep their order as bytes, and
/// outside tests all identities are such digests; other texts sort before them.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoredIdentity {
    Text(String),
    Digest(Vec<u8>),
}

/// Shorter digests save little, and vary in length.
const SHORTEST_DIGEST: usize = 16;

impl StoredIdentity {
    /// Sorts before all others.
    pub(crate) const FIRST: Self = Self::Text(String::new());

    fn of(identity: &str) -> Self {
        match HEXLOWER.decode(identity.as_bytes()) {
            Ok(digest) if digest.len() >= SHORTEST_DIGEST => Self::Digest(digest),
            _ => Self::Text(identity.to_owned()),
        }
    }

    fn read(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
        match row.get_ref(column)? {
            ValueRef::Blob(digest) => Ok(HEXLOWER.encode(digest)),
            other => Ok(other.as_str()?.to_owned()),
        }
    }
}

impl ToSql for StoredIdentity {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Digest(digest) => digest.to_sql(),
        }
    }
}

impl TransactionRowKey {
    pub(crate) fn of(key: &TransactionKey) -> Result<Self, PortError> {
        if key.account.len() > TransactionKey::MAX_ACCOUNT {
            return Err(PortError::Broken(format!("an account name has {} bytes", key.account.len())));
        }
        Ok(Self {
            account: key.account.clone(),
            day: key.date.num_days_from_ce(),
            identity: StoredIdentity::of(&key.identity),
            occurrence: key.occurrence,
        })
    }

    /// Returns the parameters account, day, identity, occurrence.
    pub(crate) fn within(&self, account: i64) -> impl Params + '_ {
        (account, self.day, &self.identity, self.occurrence)
    }

    pub(crate) fn within_account(self) -> (i32, StoredIdentity, u32) {
        (self.day, self.identity, self.occurrence)
    }
}

/// Returns a position before all rows of a day.
pub(crate) const fn before(day: i32) -> (i32, StoredIdentity, u32) {
    (day, StoredIdentity::FIRST, 0)
}

/// A transaction that may be new.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) key: TransactionRowKey,
    pub(crate) month: Month,
    pub(crate) category: Option<Category>,
    value_day: Option<i32>,
    amount: String,
    currency: String,
    description: String,
    clean: Option<String>,
    counterparty: Option<String>,
    balance: Option<String>,
    kind: Option<String>,
    reference: Option<String>,
    place: PlaceInFile,
}

impl New {
    pub(crate) fn of(transaction: &Transaction) -> Result<Self, PortError> {
        let clean = (transaction.clean != transaction.description).then(|| transaction.clean.clone());
        Ok(Self {
            key: TransactionRowKey::of(&transaction.key)?,
            month: transaction.key.month(),
            category: transaction.category.clone(),
            value_day: transaction.value_date.map(|date| date.num_days_from_ce()),
            amount: transaction.amount.to_string(),
            currency: transaction.currency.clone(),
            description: transaction.description.clone(),
            clean,
            counterparty: transaction.counterparty.clone(),
            balance: transaction.balance.map(|balance| balance.to_string()),
            kind: transaction.kind.clone(),
            reference: transaction.reference.clone(),
            place: PlaceInFile::of(&transaction.place),
        })
    }

    pub(crate) fn place_in_table(&self) -> impl Ord + '_ {
        (&self.key.account, self.key.day, &self.key.identity, self.key.occurrence)
    }

    /// Inserts the row unless it exists. Returns whether it was new.
    pub(crate) fn insert(
        &self,
        work: &WorkContext<'_>,
        account: i64,
        file: u32,
        category: i64,
    ) -> Result<bool, WorkError> {
        let inserted = work.run(
            "INSERT INTO transactions (account, day, identity, occurrence, file, category, value_day, \
                 amount, currency, description, clean, counterparty, balance, kind, reference, place) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) \
                 ON CONFLICT DO NOTHING",
            params![
                account,
                self.key.day,
                self.key.identity,
                self.key.occurrence,
                file,
                category,
                self.value_day,
                self.amount,
                self.currency,
                self.description,
                self.clean,
                self.counterparty,
                self.balance,
                self.kind,
                self.reference,
                self.place
            ],
        )?;
        Ok(inserted == 1)
    }
}

/// A transaction whose file and category are still numbers.
pub(crate) struct Numbered {
    transaction: Transaction,
    file: u32,
    category: i64,
}

impl Numbered {
    pub(crate) fn named(self, work: &WorkContext<'_>, names: &mut Names) -> Result<Transaction, WorkError> {
        let (file, category) = (names.file(work, self.file)?, names.category(work, self.category)?);
        Ok(Transaction { file, category, ..self.transaction })
    }
}

/// Reads the columns of [`select`].
pub(crate) fn read(row: &Row<'_>, account: &str) -> rusqlite::Result<Numbered> {
    let description: String = row.get(6)?;
    let transaction = Transaction {
        key: read_key(row, account)?,
        value_date: row.get::<_, Option<i32>>(3)?.map(|_| read_day(row, 3)).transpose()?,
        amount: read_amount(row, 4)?,
        currency: row.get(5)?,
        clean: row.get::<_, Option<String>>(7)?.unwrap_or_else(|| description.clone()),
        description,
        counterparty: row.get(8)?,
        balance: row.get_ref(9)?.as_str_or_null()?.is_some().then(|| read_amount(row, 9)).transpose()?,
        kind: row.get(10)?,
        reference: row.get(11)?,
        file: FileId(String::new()),
        place: PlaceInFile::read(row.get(12)?),
        category: None,
    };
    Ok(Numbered { transaction, file: row.get(13)?, category: row.get(14)? })
}

/// Reads the columns of [`BOOKED`] that figures need; the category is a number.
pub(crate) fn read_booked(row: &Row<'_>) -> rusqlite::Result<(Booked, i64)> {
    Ok((Booked { amount: read_amount(row, 3)?, currency: row.get(4)?, category: None }, row.get(5)?))
}

/// Reads the key of a row that begins with day, identity and occurrence.
pub(crate) fn read_key(row: &Row<'_>, account: &str) -> rusqlite::Result<TransactionKey> {
    Ok(TransactionKey {
        account: account.to_owned(),
        date: read_day(row, 0)?,
        identity: StoredIdentity::read(row, 1)?,
        occurrence: row.get(2)?,
    })
}

fn read_day(row: &Row<'_>, column: usize) -> rusqlite::Result<NaiveDate> {
    let day: i32 = row.get(column)?;
    NaiveDate::from_num_days_from_ce_opt(day)
        .ok_or_else(|| rusqlite::Error::IntegralValueOutOfRange(column, day.into()))
}

fn read_amount(row: &Row<'_>, column: usize) -> rusqlite::Result<Decimal> {
    let text = row.get_ref(column)?.as_str()?;
    Decimal::from_str_exact(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// The place of a transaction in its file.
#[derive(Debug, PartialEq, Eq)]
enum PlaceInFile {
    Line(i64),
    Other(String),
}

impl PlaceInFile {
    fn of(place: &str) -> Self {
        let line = place.strip_prefix("line ").and_then(|line| line.parse().ok());
        // `line +1` and `line 007` are not line numbers.
        line.map(Self::Line)
            .filter(|line| line.text() == place)
            .unwrap_or_else(|| Self::Other(place.to_owned()))
    }

    fn read(value: Value) -> String {
        match value {
            Value::Integer(line) => Self::Line(line).text(),
            Value::Text(place) => place,
            Value::Null | Value::Real(_) | Value::Blob(_) => String::new(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Line(line) => format!("line {line}"),
            Self::Other(place) => place.clone(),
        }
    }
}

impl ToSql for PlaceInFile {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Line(line) => line.to_sql(),
            Self::Other(place) => place.to_sql(),
        }
    }
}

/// The files that show a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShowingFiles {
    first: u32,
    by: Vec<u32>,
}

impl ShowingFiles {
    pub(crate) fn read(first: u32, blob: Option<Vec<u8>>) -> Self {
        let by = blob.map_or_else(
            || vec![first],
            |blob| blob.as_chunks::<4>().0.iter().map(|file| u32::from_le_bytes(*file)).collect(),
        );
        Self { first, by }
    }

    /// Adds a file. Returns whether it was new.
    pub(crate) fn add(&mut self, file: u32) -> bool {
        let new = !self.by.contains(&file);
        if new {
            self.by.push(file);
        }
        new
    }

    /// Removes a file. Returns whether it existed.
    pub(crate) fn remove(&mut self, file: u32) -> bool {
        let before = self.by.len();
        self.by.retain(|by| *by != file);
        self.by.len() != before
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by.is_empty()
    }

    /// Encodes the files. `None` if the first file alone shows the row, as is nearly always so.
    pub(crate) fn blob(&self) -> Option<Vec<u8>> {
        (self.by != [self.first]).then(|| self.by.iter().flat_map(|file| file.to_le_bytes()).collect())
    }
}

pub(crate) fn month(text: &str) -> Result<Month, WorkError> {
    text.parse().map_err(|error| WorkError::Unreadable(format!("{text:?}: {error}")))
}

/// Returns the first day of a month, and the day after its last.
pub(crate) fn days(month: Month) -> Result<(i32, i32), PortError> {
    let first = |month: Month| {
        let text = format!("{month}-01");
        text.parse::<NaiveDate>()
            .map(|date| date.num_days_from_ce())
            .map_err(|error| PortError::Broken(format!("the month {month}: {error}")))
    };
    Ok((first(month)?, first(month.next())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_as_they_were() {
        for place in ["line 1", "line 10000000", "line 01", "line +1", "line ", "sheet 1, row 2", ""] {
            let stored = PlaceInFile::of(place);
            assert_eq!(stored.text(), place);
            assert_eq!(matches!(stored, PlaceInFile::Line(_)), ["line 1", "line 10000000"].contains(&place));
        }
    }

    #[test]
    fn who_shows_a_row_alone_takes_no_room() {
        let mut shown = ShowingFiles::read(7, None);
        assert_eq!((shown.add(7), shown.blob()), (false, None));
        assert!(shown.add(70_000));
        let again = ShowingFiles::read(7, shown.blob());
        assert_eq!(again, shown);
        assert!(shown.remove(7) && !shown.remove(7) && !shown.is_empty());
        assert_eq!(ShowingFiles::read(7, shown.blob()).by, [70_000]);
        assert!(shown.remove(70_000) && shown.is_empty());
    }

    #[test]
    fn digests_are_bytes_and_keep_their_order() {
        let digest = |last: &str| format!("{}{last}", "0".repeat(34));
        assert!(
            matches!(StoredIdentity::of(&digest("ff")), StoredIdentity::Digest(bytes) if bytes.len() == 18)
        );
        assert!(StoredIdentity::of(&digest("0a")) < StoredIdentity::of(&digest("a0")));
        for text in ["", "aa", &digest("A0"), &digest("0")] {
            assert_eq!(StoredIdentity::of(text), StoredIdentity::Text(text.to_owned()));
        }
        assert!(
            StoredIdentity::FIRST < StoredIdentity::of("0")
                && StoredIdentity::of("zz") < StoredIdentity::of(&digest("00"))
        );
    }

    /// Otherwise a page would cost as much as all pages before it.
    #[test]
    fn a_page_begins_where_it_begins() -> Result<(), Box<dyn std::error::Error>> {
        let mut connection = rusqlite::Connection::open_in_memory()?;
        crate::schema::migrate(&mut connection)?;
        for (sql, bounds) in [
            (OLDEST_FIRST, "(day,identity,occurrence)>(?,?,?) AND day<?"),
            (NEWEST_FIRST, "day>? AND (day,identity,occurrence)<(?,?,?)"),
            (BOOKED, "(day,identity,occurrence)>(?,?,?) AND day<?"),
        ] {
            let plan: String = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?
                .query_row([1; 6], |row| row.get(3))?;
            assert!(plan.contains(bounds), "{sql}: {plan}");
        }
        Ok(())
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day").num_days_from_ce();
        let month = |text: &str| text.parse::<Month>().expect("a month");
        assert_eq!(days(month("2026-12")), Ok((day("2026-12-01"), day("2027-01-01"))));
        assert_eq!(days(month("2024-02")), Ok((day("2024-02-01"), day("2024-03-01"))));
    }
}
