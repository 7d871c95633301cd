//! One transaction, and the receiver of transactions.

use std::fmt;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Identity;

/// An amount of money with as many decimals as in the file. Serialised as a string.
pub type Amount = rust_decimal::Decimal;

/// A receiver of the transactions of a file.
pub trait RowSink {
    /// Receives a row. `Break` stops the reading with [`crate::ParseError::Stopped`].
    fn row(&mut self, row: Row) -> ControlFlow<()>;
}

impl RowSink for Vec<Row> {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        self.push(row);
        ControlFlow::Continue(())
    }
}

/// A position in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowPlace {
    /// The file as a whole.
    File,
    /// The number of a line, from 1; the first line of a record with several.
    Line(u64),
    /// The number of a transaction, from 1, and the line in which it begins: a whole file may be one line.
    Entry { line: u64, number: u64 },
}

impl fmt::Display for RowPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry { line, number } => write!(f, "transaction {number} in line {line}"),
        }
    }
}

/// A transaction of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub place: RowPlace,
    /// The account's IBAN or number as the bank writes it, without spaces.
    pub account: Option<String>,
    /// The booking date.
    pub date: NaiveDate,
    /// The date from which it counts for interest.
    pub value_date: Option<NaiveDate>,
    /// Positive if money comes in.
    pub amount: Amount,
    /// ISO 4217 code, if the file gives one.
    pub currency: Option<String>,
    /// The bank's description, unchanged; several columns are joined by a space.
    pub description: String,
    /// The description for people: one line, card numbers masked.
    pub clean: String,
    /// The name of the other side.
    pub counterparty: Option<String>,
    /// The account's balance after this transaction, if the row gives it.
    pub balance: Option<Amount>,
    /// The bank's name for the kind of transaction: `SEPA-Lastschrift`, `POS`.
    pub kind: Option<String>,
    /// The bank's own id of the transaction.
    pub reference: Option<String>,
    pub identity: Identity,
    /// The number of this row among the rows of the file with the same identity, from 1.
    pub occurrence: u32,
}
