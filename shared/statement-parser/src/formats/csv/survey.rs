//! The first pass: collects what only the whole file can show.

use super::columns::side;
use super::fields::{Columns, Memo};
use super::record_splitter::RecordSplitter;
use super::table::{CsvTable, text};
use super::words::{PURCHASE_KINDS, contains_word};
use crate::decode::{Charset, Guess};
use crate::number::{self, Scanned};
use crate::readable::fold;
use crate::{DateOrder, DecimalMark, Role, Signs, date, date_order};

/// Number of rows used to determine whether balances include the fee.
const FEE_ROWS: u64 = 10_000;

/// With at least this many amounts and none negative, it is unlikely that all are incoming money.
const MANY: u64 = 10;

pub(super) struct CsvSurvey<'t> {
    table: &'t CsvTable,
    columns: &'t Columns,
    charset: Charset,
    guess: Guess,
    dates: date_order::DateEvidence,
    cells: Memo<Option<date::DateCell>>,
    value_cells: Memo<Option<date::DateCell>>,
    numbers: number::NumberEvidence,
    pub rows: u64,
    debit: Count,
    /// Amounts of rows that are marked as outgoing.
    marked_out: Count,
    /// Amounts of purchases, and of payments to a card account.
    bought: Count,
    paid: Count,
    all: Count,
    fees: Fees,
    sided: u64,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    positive: u64,
    negative: u64,
}

impl Count {
    fn add(&mut self, amount: &Scanned) {
        if !amount.is_zero() {
            self.positive += u64::from(!amount.negative);
            self.negative += u64::from(amount.negative);
        }
    }
}

/// Counts whether balances agree with the fee included or without it.
#[derive(Debug, Default)]
struct Fees {
    with: u64,
    without: u64,
    last: Option<rust_decimal::Decimal>,
}

/// The interpretation of the file.
#[derive(Debug, Clone)]
pub(super) struct Interpretation {
    pub charset: Charset,
    pub order: DateOrder,
    /// The order that the dates show, if any date needs one.
    pub detected_order: Option<DateOrder>,
    pub mark: DecimalMark,
    pub signs: Signs,
    pub fee: bool,
    /// Decisions that were ambiguous and based on the most likely interpretation.
    pub doubts: Vec<String>,
}

impl<'t> CsvSurvey<'t> {
    pub fn new(table: &'t CsvTable, columns: &'t Columns, charset: Charset) -> Self {
        Self {
            table,
            columns,
            charset,
            guess: Guess::new(),
            dates: date_order::DateEvidence::default(),
            cells: Memo::new(),
            value_cells: Memo::new(),
            numbers: number::NumberEvidence::default(),
            rows: 0,
            debit: Count::default(),
            marked_out: Count::default(),
            bought: Count::default(),
            paid: Count::default(),
            all: Count::default(),
            fees: Fees::default(),
            sided: 0,
        }
    }

    /// Reads a record below the header. Returns `true` if it may be a row.
    pub fn record<R: std::io::Read>(&mut self, record: &RecordSplitter<R>) -> bool {
        self.guess.feed(record.raw());
        let charset = self.charset;
        let bytes = record.get(self.columns.date);
        let cell = |bytes: &[u8]| date::DateCell::of(text(&charset.decode(bytes)));
        let Some(first) = self.cells.get(&bytes, || cell(&bytes)) else { return false };
        self.rows += 1;
        self.dates.add(first, true);
        for column in self.columns.other_dates.iter().chain(&self.columns.value_date) {
            let bytes = record.get(*column);
            if let Some(other) = self.value_cells.get(&bytes, || cell(&bytes)) {
                self.dates.add(other, false);
            }
        }
        let scan = |column: Option<usize>| Scanned::of(text(&charset.decode(&record.get(column?))));
        let (amount, debit, credit) =
            (scan(self.columns.amount), scan(self.columns.debit), scan(self.columns.credit));
        let balance = scan(self.columns.balance);
        for number in [&amount, &debit, &credit, &balance].into_iter().flatten() {
            self.numbers.add(number);
        }
        if let Some(debit) = &debit {
            self.debit.add(debit);
        }
        if let Some(amount) = amount {
            self.amount(record, &amount);
            if let (Some(column), Some(balance)) = (self.columns.fee, balance) {
                let fee = Scanned::of(text(&charset.decode(&record.get(column))));
                self.fee(&amount, fee.as_ref(), &balance);
            }
        }
        true
    }

    fn amount<R: std::io::Read>(&mut self, record: &RecordSplitter<R>, amount: &Scanned) {
        self.all.add(amount);
        self.sided += u64::from(amount.side.is_some());
        let cell = |column: usize| self.charset.decode(&record.get(column)).into_owned();
        if let Some(column) = self.columns.indicator
            && side(text(&cell(column))) == Some(true)
        {
            self.marked_out.add(amount);
        }
        if self.columns.balance.is_some() {
            return;
        }
        if let Some(column) = self.columns.kind
            && contains_word(PURCHASE_KINDS, &fold(&cell(column)))
        {
            self.bought.add(amount);
        } else if amount.negative || self.paid.positive + self.paid.negative < 1000 {
            let about = self.columns.descriptions.iter().map(|column| fold(&cell(*column)));
            let is = |text: String| {
                text.contains("payment") && (text.contains("thank you") || text.contains("received"))
            };
            if about.into_iter().any(is) {
                self.paid.add(amount);
            }
        }
    }

    fn fee(&mut self, amount: &Scanned, fee: Option<&Scanned>, balance: &Scanned) {
        if self.rows > FEE_ROWS {
            return;
        }
        let value = |scan: &Scanned| scan.value(DecimalMark::Point).ok().map(|value| value.amount);
        let (Some(amount), Some(balance)) = (value(amount), value(balance)) else { return };
        let last = self.fees.last.replace(balance);
        let (Some(last), Some(fee)) = (last, fee.and_then(value).filter(|fee| !fee.is_zero())) else {
            return;
        };
        let step = balance.checked_sub(last);
        self.fees.without += u64::from(step == Some(amount));
        self.fees.with += u64::from(step == amount.checked_sub(fee.abs()));
    }

    pub fn decide(self) -> Interpretation {
        let mut doubts = Vec::new();
        let table = self.table;
        let usual_mark = if table.delimiter == b';' { DecimalMark::Comma } else { DecimalMark::Point };
        let (mark, doubt) = self.numbers.decide(usual_mark);
        if doubt {
            let meant =
                if mark == DecimalMark::Comma { "1,234 was read as 1.234" } else { "1,234 was read as 1234" };
            doubts.push(format!("no amount shows whether the decimal mark is a comma or a point; {meant}"));
        }
        let day_first =
            mark == DecimalMark::Comma || table.currency.as_deref().is_some_and(|code| code != "USD");
        let american = table.currency.as_deref() == Some("USD");
        let usual_order = if day_first {
            Some(DateOrder::DayMonthYear)
        } else {
            american.then_some(DateOrder::MonthDayYear)
        };
        let (detected_order, doubt) = self.dates.decide(usual_order);
        let order = detected_order.unwrap_or(DateOrder::DayMonthYear);
        if doubt {
            let read = match order {
                DateOrder::DayMonthYear => "day, month, year",
                DateOrder::MonthDayYear => "month, day, year",
                DateOrder::YearMonthDay => "year, month, day",
            };
            doubts.push(format!("every date can be read in more than one order; all were read as {read}"));
        }
        let columns = self.columns;
        let signs = if columns.amount.is_none() {
            if self.debit.negative > self.debit.positive { Signs::SignedColumns } else { Signs::Columns }
        } else if columns.indicator.is_some() && self.marked_out.positive > self.marked_out.negative {
            Signs::Indicator
        } else if self.is_reversed() {
            doubts.push("purchases are positive in this file; they were read as debits".to_owned());
            Signs::Reversed
        } else {
            Signs::Signed
        };
        // If no sign marks outgoing money, there may be none in the file.
        let enough = if table.by_content { 1 } else { MANY };
        let unsigned = signs == Signs::Signed && self.columns.balance.is_none() && self.sided == 0;
        if unsigned && self.all.negative == 0 && self.all.positive >= enough {
            doubts.push("no amount is negative; all were read as credits".to_owned());
        }
        if table.by_content && table.header.is_some() {
            let name = table.column(Role::Amount).and_then(|column| table.names.get(column));
            let name = name.map_or("two columns", String::as_str);
            doubts.push(format!(
                "the column names are unknown; judging by the content, the amounts are in {name:?}"
            ));
        }
        let charset = if self.guess.is_fed() { self.guess.charset() } else { self.charset };
        Interpretation {
            charset,
            order,
            detected_order,
            mark,
            signs,
            fee: self.fees.with > self.fees.without,
            doubts,
        }
    }

    /// Returns whether this is a card statement on which purchases are positive and payments to the account negative.
    fn is_reversed(&self) -> bool {
        let bought = self.bought.positive >= 2 && self.bought.positive > self.bought.negative * 4;
        let paid =
            self.paid.negative > 0 && self.paid.positive == 0 && self.all.positive > self.all.negative * 2;
        self.sided == 0
            && self.columns.balance.is_none()
            && (bought && self.all.negative * 2 <= self.all.positive || paid)
    }
}
