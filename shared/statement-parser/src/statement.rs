//! What a file turned out to be, beside its transactions.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{Amount, Format, Place};

/// Warnings that are kept with their text; the others are counted.
pub const WARNINGS_MAX: usize = 100;

/// A file that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub format: Format,
    pub dialect: Dialect,
    /// One for each account and currency, in the order in which they appear.
    pub accounts: Vec<AccountPart>,
    /// Transactions of all accounts.
    pub rows: u64,
    /// The first [`WARNINGS_MAX`], in the order of the file.
    pub warnings: Vec<Warning>,
    /// Warnings beyond those.
    pub more_warnings: u64,
}

/// The transactions of one account in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountPart {
    pub account: Option<String>,
    pub currency: Option<String>,
    /// The first and last day: what the file says it covers, or the days of its transactions.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub rows: u64,
    /// Before the first transaction in time.
    pub opening: Option<Amount>,
    /// After the last.
    pub closing: Option<Amount>,
    /// Of all amounts.
    pub sum: Amount,
    /// Whether opening + sum = closing and every balance in between follows from the one before; `None` where the
    /// file does not tell.
    pub balanced: Option<bool>,
}

/// Something that was not read, or read with a doubt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub place: Place,
    pub what: String,
}

/// How a file is written, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Dialect {
    /// Of the format, where there are several: `102`, `2.0.3`.
    pub version: Option<String>,
    /// As the encoding standard names it: `UTF-8`, `windows-1252`.
    pub encoding: String,
    pub delimiter: Option<char>,
    /// The line that names the columns.
    pub header_line: Option<u64>,
    pub columns: Vec<Column>,
    /// Of dates that are three numbers; `None` where no date leaves a choice.
    pub date_order: Option<DateOrder>,
    pub decimal_mark: Option<DecimalMark>,
    pub signs: Option<Signs>,
}

impl Dialect {
    /// The names of the columns that play a role, in the order of the file.
    pub fn columns_of(&self, role: Role) -> Vec<&str> {
        self.columns.iter().filter(|column| column.role == role).map(|column| &*column.name).collect()
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// As it stands in the header; empty where there is none.
    pub name: String,
    pub role: Role,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// When it was booked.
    Date,
    ValueDate,
    /// Another date, such as that of the purchase; part of a row's identity.
    OtherDate,
    Amount,
    /// Money that goes out, in a column of its own.
    Debit,
    /// Money that comes in, in a column of its own.
    Credit,
    /// Whether the amount goes out or comes in: `S` and `H`, `DR` and `CR`.
    Indicator,
    /// A fee beside the amount.
    Fee,
    Currency,
    Balance,
    Description,
    Counterparty,
    /// The other side of what goes out.
    Payee,
    /// The other side of what comes in.
    Payer,
    Kind,
    /// The bank's own id of the transaction.
    Reference,
    /// The account the row belongs to.
    Account,
    /// Whether it is booked.
    Status,
    /// Not read.
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

/// How a file tells what goes out from what comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signs {
    /// What goes out is negative.
    Signed,
    /// What goes out is positive, as some card statements have it.
    Reversed,
    /// A column of its own says it.
    Indicator,
    /// Two columns; what goes out is positive in its own.
    Columns,
    /// Two columns; what goes out is negative in its own too.
    SignedColumns,
}
