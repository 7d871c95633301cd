//! The result of reading a file, apart from its transactions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Amount, Format, RowPlace};

/// Maximum number of warnings whose text is kept. Further warnings are only counted.
pub const WARNINGS_MAX: usize = 100;

/// A file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub format: Format,
    pub dialect: Dialect,
    /// One part per account and currency, in the order in which they appear.
    pub accounts: Vec<AccountPart>,
    /// Number of transactions of all accounts.
    pub rows: u64,
    /// The first [`WARNINGS_MAX`] warnings, in the order of the file.
    pub warnings: Vec<Warning>,
    /// Number of further warnings.
    pub more_warnings: u64,
}

/// The transactions of one account in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPart {
    pub account: Option<String>,
    pub currency: Option<String>,
    /// The first and last day: the period that the file states, or the days of its transactions.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub rows: u64,
    /// The balance before the first transaction in time.
    pub opening: Option<Amount>,
    /// The balance after the last transaction in time.
    pub closing: Option<Amount>,
    /// The sum of all amounts.
    pub sum: Amount,
    /// Whether opening + sum = closing and every balance in between agrees with the one before; `None` if the file
    /// states too few balances.
    pub balanced: Option<bool>,
}

/// A part of the file that was not read, or that was ambiguous.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub place: RowPlace,
    pub what: String,
}

/// The notation of a file, as detected.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dialect {
    /// The version of the format, if it has several: `102`, `203`.
    pub version: Option<String>,
    /// The encoding's name in the Encoding Standard: `UTF-8`, `windows-1252`.
    pub encoding: String,
    pub delimiter: Option<char>,
    /// The line with the names of the columns.
    pub header_line: Option<u64>,
    pub columns: Vec<Column>,
    /// The order in dates that consist of three numbers; `None` if no date is ambiguous.
    pub date_order: Option<DateOrder>,
    pub decimal_mark: Option<DecimalMark>,
    pub signs: Option<Signs>,
}

impl Dialect {
    /// Returns the names of the columns with this role, in the order of the file.
    pub fn columns_of(&self, role: Role) -> Vec<&str> {
        self.columns.iter().filter(|column| column.role == role).map(|column| &*column.name).collect()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name in the header; empty if there is no header.
    pub name: String,
    pub role: Role,
}

/// The meaning of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The booking date.
    Date,
    ValueDate,
    /// Another date, such as that of the purchase; part of a row's identity.
    OtherDate,
    Amount,
    /// Money that goes out, in a separate column.
    Debit,
    /// Money that comes in, in a separate column.
    Credit,
    /// Whether the amount goes out or comes in: `S` and `H`, `DR` and `CR`.
    Indicator,
    /// A fee in addition to the amount.
    Fee,
    Currency,
    Balance,
    Description,
    Counterparty,
    /// The other side of outgoing money.
    Payee,
    /// The other side of incoming money.
    Payer,
    Kind,
    /// The bank's own id of the transaction.
    Reference,
    /// The account the row belongs to.
    Account,
    /// Whether the transaction is booked.
    Status,
    /// A column that is not used.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    Point,
    Comma,
}

/// The way in which a file distinguishes money that goes out from money that comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signs {
    /// Outgoing amounts are negative.
    Signed,
    /// Outgoing amounts are positive, as on some card statements.
    Reversed,
    /// A separate column gives the direction.
    Indicator,
    /// Two columns; outgoing amounts are positive in theirs.
    Columns,
    /// Two columns; outgoing amounts are negative in theirs.
    SignedColumns,
}
