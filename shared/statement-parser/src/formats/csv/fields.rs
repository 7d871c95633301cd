//! Locates the columns of a record, selects the fields of its identity, and caches parsed cells.

use std::borrow::Cow;
use std::io::Read;

use super::record_splitter::RecordSplitter;
use super::table::CsvTable;
use crate::{Role, repeats};

/// Texts in a column of ids that mean that there is no id.
const NO_IDS: [&str; 7] = ["0", "-", "NONREF", "NOTPROVIDED", "NONE", "N/A", "NULL"];

/// The indices of the columns.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub date: usize,
    pub value_date: Option<usize>,
    pub other_dates: Vec<usize>,
    pub amount: Option<usize>,
    pub debit: Option<usize>,
    pub credit: Option<usize>,
    pub indicator: Option<usize>,
    pub fee: Option<usize>,
    pub balance: Option<usize>,
    pub kind: Option<usize>,
    pub descriptions: Vec<usize>,
    pub currency: Option<usize>,
    pub account: Option<usize>,
    reference: Option<usize>,
    pub status: Option<usize>,
    pub payee: Option<usize>,
    pub payer: Option<usize>,
    pub counterparty: Option<usize>,
    identity: Vec<usize>,
}

impl Columns {
    pub fn of(table: &CsvTable) -> Option<Self> {
        Some(Self {
            date: table.column(Role::Date)?,
            value_date: table.column(Role::ValueDate),
            other_dates: table.columns(Role::OtherDate),
            amount: table.column(Role::Amount),
            debit: table.column(Role::Debit),
            credit: table.column(Role::Credit),
            indicator: table.column(Role::Indicator),
            fee: table.column(Role::Fee),
            balance: table.column(Role::Balance),
            kind: table.column(Role::Kind),
            descriptions: table.columns(Role::Description),
            currency: table.column(Role::Currency),
            account: table.column(Role::Account),
            reference: table.column(Role::Reference),
            status: table.column(Role::Status),
            payee: table.column(Role::Payee),
            payer: table.column(Role::Payer),
            counterparty: table.column(Role::Counterparty),
            identity: table.identity.clone(),
        })
    }

    pub fn reference<'r, R: Read>(&self, record: &'r RecordSplitter<R>) -> Option<Cow<'r, [u8]>> {
        let reference = record.get(self.reference?);
        let none = reference.is_empty()
            || NO_IDS.iter().any(|none| none.as_bytes().eq_ignore_ascii_case(&reference));
        (!none).then_some(reference)
    }

    pub fn identity<'r, R: Read>(
        &self,
        record: &'r RecordSplitter<R>,
    ) -> impl Iterator<Item = Cow<'r, [u8]>> {
        self.identity.iter().map(|column| record.get(*column))
    }

    /// Returns the key of a record, which is the same for rows of the same identity.
    pub fn key<R: Read>(&self, record: &RecordSplitter<R>) -> u64 {
        match self.reference(record) {
            Some(reference) => repeats::key([&*reference]),
            None => repeats::key(self.identity(record)),
        }
    }
}

/// Caches the last parsed cell, because many consecutive rows have the same content.
pub(super) struct Memo<T> {
    raw: Vec<u8>,
    value: Option<T>,
}

impl<T: Clone> Memo<T> {
    pub fn new() -> Self {
        Self { raw: Vec::new(), value: None }
    }

    pub fn get(&mut self, raw: &[u8], make: impl FnOnce() -> T) -> T {
        match &self.value {
            Some(value) if self.raw == raw => value.clone(),
            _ => {
                let value = make();
                self.raw.clear();
                self.raw.extend_from_slice(raw);
                self.value = Some(value.clone());
                value
            }
        }
    }
}
