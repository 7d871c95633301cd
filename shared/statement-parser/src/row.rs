//! One transaction, and who receives it.

use std::fmt;
use std::ops::ControlFlow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::Identity;

/// An amount of money with as many decimals as the file gives. Written as a string where it is serialised.
pub type Amount = rust_decimal::Decimal;

/// Who receives the transactions of a file.
pub trait Sink {
    /// `Break` ends the reading with [`crate::ReadError::Stopped`].
    fn row(&mut self, row: Row) -> ControlFlow<()>;
}

impl Sink for Vec<Row> {
    fn row(&mut self, row: Row) -> ControlFlow<()> {
        self.push(row);
        ControlFlow::Continue(())
    }
}

/// Where something stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The file as a whole.
    File,
    /// A line by its number from 1; where a record has several, its first.
    Line(u64),
    /// A transaction by its number from 1, and the line it begins in: a file may be one line.
    Entry { line: u64, number: u64 },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("the file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Entry { line, number } => write!(f, "transaction {number} in line {line}"),
        }
    }
}

/// A transaction as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub place: Place,
    /// The account's IBAN or number as the bank writes it, without spaces.
    pub account: Option<String>,
    /// When it was booked.
    pub date: NaiveDate,
    /// When it counts for interest.
    pub value_date: Option<NaiveDate>,
    /// Positive is money that comes in.
    pub amount: Amount,
    /// ISO 4217, as far as the file tells it.
    pub currency: Option<String>,
    /// What the bank says of it, unchanged; several columns are joined by a space.
    pub description: String,
    /// The same for a person: one line, card numbers masked.
    pub clean: String,
    /// The other side.
    pub counterparty: Option<String>,
    /// The account's balance after this transaction.
    pub balance: Option<Amount>,
    /// What the bank calls its kind: `SEPA-Lastschrift`, `POS`.
    pub kind: Option<String>,
    /// The bank's own id of the transaction.
    pub reference: Option<String>,
    pub identity: Identity,
    /// Counts from 1 the rows of this file that have the same identity.
    pub occurrence: u32,
}
