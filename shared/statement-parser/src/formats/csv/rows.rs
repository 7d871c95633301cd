//! The second pass: converts records to transactions.

use std::borrow::Cow;
use std::io::Read;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::columns::currency;
use super::fields::{Columns, Memo};
use super::preamble::{self, PreambleValues};
use super::record_splitter::RecordSplitter;
use super::survey::Interpretation;
use super::table::{CsvTable, text};
use super::words::{NOT_BOOKED, TOTALS, contains_word};
use crate::number::Scanned;
use crate::output::RowOutput;
use crate::part::Stated;
use crate::readable::{clean, fold};
use crate::{Identity, ParseError, Row, RowPlace, Signs, date};

pub(super) struct CsvRows<'t, 'o, 'a> {
    table: &'t CsvTable,
    pub columns: &'t Columns,
    pub reading: &'t Interpretation,
    pub out: &'o mut RowOutput<'a>,
    notes: PreambleValues,
    /// Number of rows since the account was last named.
    since: u64,
    /// Number of records with a date.
    pub seen: u64,
    dates: Memo<Option<date::DateCell>>,
    value_dates: Memo<Option<date::DateCell>>,
    booked: Memo<bool>,
    pub sides: Memo<Option<bool>>,
    currencies: Memo<Option<String>>,
    accounts: Memo<Option<String>>,
    last: (Option<String>, Option<String>),
}

impl<'t, 'o, 'a> CsvRows<'t, 'o, 'a> {
    pub fn new(
        table: &'t CsvTable,
        columns: &'t Columns,
        reading: &'t Interpretation,
        out: &'o mut RowOutput<'a>,
    ) -> Self {
        Self {
            table,
            columns,
            reading,
            out,
            notes: PreambleValues::default(),
            since: 0,
            seen: 0,
            dates: Memo::new(),
            value_dates: Memo::new(),
            booked: Memo::new(),
            sides: Memo::new(),
            currencies: Memo::new(),
            accounts: Memo::new(),
            last: (None, None),
        }
    }

    /// Returns the cells of a record as text.
    fn cells<R: Read>(&self, record: &RecordSplitter<R>) -> Vec<String> {
        let columns = record.len().min(self.out.limits.columns);
        (0..columns).map(|column| self.text(record, column).into_owned()).collect()
    }

    pub fn text<'r, R: Read>(&self, record: &'r RecordSplitter<R>, column: usize) -> Cow<'r, str> {
        match record.get(column) {
            Cow::Borrowed(bytes) => match self.reading.charset.decode(bytes) {
                Cow::Borrowed(cell) => Cow::Borrowed(text(cell)),
                Cow::Owned(cell) => Cow::Owned(text(&cell).to_owned()),
            },
            Cow::Owned(bytes) => Cow::Owned(text(&self.reading.charset.decode(&bytes)).to_owned()),
        }
    }

    pub fn warn(&mut self, line: u64, what: &str) {
        self.out.warn(RowPlace::Line(line), what);
    }

    /// Reads a line outside the table.
    pub fn note<R: Read>(&mut self, record: &RecordSplitter<R>) -> Result<(), ParseError> {
        let cells = self.cells(record);
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        let mut notes = self.notes.clone();
        if notes.line(RowPlace::Line(record.line()), &cells) && self.since > 0 {
            // Another account begins; the notes so far belong to the previous one.
            self.state()?;
            self.notes = notes.begun_again();
            self.since = 0;
            return Ok(());
        }
        self.notes = notes;
        Ok(())
    }

    /// Reads a record below the header.
    pub fn record<R: Read>(&mut self, record: &RecordSplitter<R>) -> Result<(), ParseError> {
        let place = RowPlace::Line(record.line());
        let date_text = self.text(record, self.columns.date);
        let Some(cell) = self.dates.get(&record.get(self.columns.date), || date::DateCell::of(&date_text))
        else {
            return self.other(record);
        };
        self.seen += 1;
        let Some(date) = cell.date(self.reading.order) else {
            let what = format!("skipped: {date_text:?} is not a date in the order of the other dates");
            self.out.warn(place, what);
            return Ok(());
        };
        if let Some(status) = self.not_booked(record) {
            self.out.warn(place, format!("skipped: not booked, but {status:?}"));
            return Ok(());
        }
        let (amount, currency) = match self.amount(record, place) {
            Ok(Some(amount)) => amount,
            Ok(None) => return self.without_amount(record, place),
            Err(what) => {
                self.out.warn(place, what);
                return Ok(());
            }
        };
        let balance = self.balance(record, place);
        let row = self.row(record, place, date, amount, currency, balance);
        self.since += 1;
        self.last = (row.account.clone(), row.currency.clone());
        self.out.row(self.columns.key(record), row)
    }

    /// Returns the status of a record that is not booked.
    fn not_booked<R: Read>(&mut self, record: &RecordSplitter<R>) -> Option<String> {
        let column = self.columns.status?;
        let raw = record.get(column);
        let status = self.text(record, column);
        let booked = self.booked.get(&raw, || !contains_word(NOT_BOOKED, &fold(&status)));
        (!booked).then(|| status.into_owned())
    }

    /// Reads a record without a date: a name or balance below the table, or a damaged row.
    fn other<R: Read>(&mut self, record: &RecordSplitter<R>) -> Result<(), ParseError> {
        let cells = self.cells(record);
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        if filled == 0 || cells == self.table.names {
            return Ok(());
        }
        let cell =
            |column: Option<usize>| column.and_then(|column| cells.get(column)).map_or("", String::as_str);
        let date = cell(Some(self.columns.date));
        let amounts = [self.columns.amount, self.columns.debit, self.columns.credit];
        let amount = amounts.into_iter().map(cell).any(|cell| Scanned::of(cell).is_some());
        let whole = cells.len() >= self.table.roles.len();
        let adds_up = |cell: &String| {
            let folded = fold(cell);
            let first = folded.split(' ').next().unwrap_or_default();
            TOTALS.split('|').any(|total| first.starts_with(total))
        };
        let is_summary = cells.iter().any(|cell| preamble::balance(cell).is_some() || adds_up(cell));
        if amount && !is_summary && (filled > 2 || whole) {
            let what = match date {
                date if contains_word(NOT_BOOKED, &fold(date)) => {
                    format!("skipped: not booked, but {date:?}")
                }
                "" if let Some(status) = self.not_booked(record) => {
                    format!("skipped: not booked, but {status:?}")
                }
                "" => "skipped: it has an amount but no date".to_owned(),
                date => format!("skipped: {date:?} is not a date"),
            };
            self.out.warn(RowPlace::Line(record.line()), what);
            return Ok(());
        }
        if date.bytes().any(|byte| byte.is_ascii_digit()) && !is_summary && filled > 2 && whole {
            self.out.warn(RowPlace::Line(record.line()), format!("skipped: {date:?} is not a date"));
            return Ok(());
        }
        self.note(record)
    }

    /// Reads a record with a date but no amount: a balance, or a damaged row.
    fn without_amount<R: Read>(
        &mut self,
        record: &RecordSplitter<R>,
        place: RowPlace,
    ) -> Result<(), ParseError> {
        let label = self
            .columns
            .descriptions
            .iter()
            .find_map(|column| preamble::balance(&self.text(record, *column)));
        let balance = self.balance(record, place);
        let (Some(_), Some(balance)) = (label, balance) else {
            self.out.warn(place, "skipped: it has no amount");
            return Ok(());
        };
        let account = self.account(record);
        let currency = self.currency(record, None);
        self.out.balance(account.as_deref(), currency.as_deref(), place, balance)
    }

    fn row<R: Read>(
        &mut self,
        record: &RecordSplitter<R>,
        place: RowPlace,
        date: NaiveDate,
        amount: Decimal,
        own_currency: Option<[u8; 3]>,
        balance: Option<Decimal>,
    ) -> Row {
        let account = self.account(record);
        let currency = self.currency(record, own_currency);
        let value_date = self.columns.value_date.and_then(|column| {
            let text = self.text(record, column);
            self.value_dates.get(&record.get(column), || date::DateCell::of(&text))?.date(self.reading.order)
        });
        let filled = |column: Option<usize>| {
            let text = self.text(record, column?);
            (!text.is_empty()).then(|| text.into_owned())
        };
        let outgoing = amount.is_sign_negative();
        let (one, other) = if outgoing {
            (self.columns.payee, self.columns.payer)
        } else {
            (self.columns.payer, self.columns.payee)
        };
        let counterparty =
            filled(self.columns.counterparty).or_else(|| filled(one)).or_else(|| filled(other));
        // If the indicator column does not give the signs, it gives the kind of the transaction.
        let says_kind = if self.reading.signs == Signs::Indicator { None } else { self.columns.indicator };
        let kind = filled(self.columns.kind).or_else(|| filled(says_kind));
        let mut description = String::new();
        for column in &self.columns.descriptions {
            let text = self.text(record, *column);
            if !matches!(&*text, "" | "-" | "--") && description != text {
                if text.starts_with(&description) {
                    description.clear();
                } else {
                    description.push(' ');
                }
                description.push_str(&text);
            }
        }
        if description.is_empty() {
            description = counterparty.clone().or_else(|| kind.clone()).unwrap_or_default();
        }
        let reference = self.columns.reference(record);
        let reference = reference.map(|raw| text(&self.reading.charset.decode(&raw)).to_owned());
        let identity = match &reference {
            Some(reference) => {
                Identity::of_reference(account.as_deref(), reference, date, amount, currency.as_deref())
            }
            None => Identity::of_fields(account.as_deref(), self.columns.identity(record)),
        };
        Row {
            place,
            account,
            date,
            value_date,
            amount,
            currency,
            clean: clean(&description),
            description,
            counterparty,
            balance,
            kind,
            reference,
            identity,
            occurrence: 1,
        }
    }

    fn account<R: Read>(&mut self, record: &RecordSplitter<R>) -> Option<String> {
        if let Some(column) = self.columns.account {
            let raw = record.get(column);
            let cell = self.text(record, column);
            let named = self.accounts.get(&raw, || {
                let number: String =
                    cell.chars().filter(|char| !char.is_whitespace() && *char != '"').collect();
                (!number.is_empty()).then_some(number)
            });
            if named.is_some() {
                return named;
            }
        }
        self.notes.account.clone()
    }

    fn currency<R: Read>(&mut self, record: &RecordSplitter<R>, own: Option<[u8; 3]>) -> Option<String> {
        if let Some(column) = self.columns.currency {
            let raw = record.get(column);
            let cell = self.text(record, column);
            let named = self.currencies.get(&raw, || currency(&cell));
            if named.is_some() {
                return named;
            }
        }
        let own = own.and_then(|code| String::from_utf8(code.to_vec()).ok());
        own.or_else(|| self.table.currency.clone()).or_else(|| self.notes.currency.clone())
    }

    /// Emits the information from around an account's rows.
    pub fn state(&mut self) -> Result<(), ParseError> {
        let notes = std::mem::take(&mut self.notes);
        let mark = self.reading.mark;
        let value = |found: Option<(RowPlace, Scanned)>| {
            found.and_then(|(_, scan)| scan.value(mark).ok()).map(|value| value.amount)
        };
        let day = |cell: date::DateCell| cell.date(self.reading.order);
        let stated = Stated {
            from: notes.period.and_then(|(from, _)| day(from)),
            to: notes.period.and_then(|(_, to)| day(to)),
            opening: value(notes.opening),
            closing: value(notes.closing),
        };
        let says = stated.from.is_some() || stated.opening.is_some() || stated.closing.is_some();
        if !says && self.out.parts() > 0 {
            return Ok(());
        }
        let (account, currency) = if self.since > 0 {
            self.last.clone()
        } else {
            (notes.account, notes.currency.or_else(|| self.table.currency.clone()))
        };
        self.out.stated(account.as_deref(), if self.since > 0 { None } else { currency.as_deref() }, stated)
    }
}
