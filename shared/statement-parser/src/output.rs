//! Between the formats and the sink: rows get their occurrence, accounts their sums, faults their place in a list.
//!
//! A format calls [`Output::note`] for every row of its first reading, [`Output::again`] between the readings and
//! [`Output::row`] for every row of its second.

use std::collections::HashMap;

use crate::part::{Part, Stated};
use crate::repeats::Repeats;
use crate::statement::WARNINGS_MAX;
use crate::{Dialect, Format, Limits, Place, ReadError, Reject, Row, Sink, Statement, Warning};

pub(crate) struct Output<'a> {
    pub limits: &'a Limits,
    sink: &'a mut dyn Sink,
    repeats: Repeats,
    parts: Vec<Part>,
    /// By account, then by currency.
    index: HashMap<Option<String>, HashMap<Option<String>, usize>>,
    last: usize,
    rows: u64,
    warnings: Vec<Warning>,
    more: u64,
}

impl<'a> Output<'a> {
    pub fn new(limits: &'a Limits, sink: &'a mut dyn Sink) -> Self {
        Self {
            limits,
            sink,
            repeats: Repeats::new(),
            parts: Vec::new(),
            index: HashMap::new(),
            last: 0,
            rows: 0,
            warnings: Vec::new(),
            more: 0,
        }
    }

    /// First reading: a row is there. Rows of the same identity must have the same key.
    pub fn note(&mut self, key: u64) {
        self.repeats.note(key);
    }

    /// The second reading begins.
    pub fn again(&mut self) {
        self.repeats.all_noted();
    }

    /// Second reading: a row, whose occurrence is found here.
    pub fn row(&mut self, key: u64, mut row: Row) -> Result<(), ReadError> {
        row.occurrence = self.repeats.count(key, row.identity, self.limits.repeated)?;
        if row.occurrence == 2 && row.identity.basis == crate::Basis::Reference {
            let what = "the bank gives the same id, date and amount to two transactions; both are kept";
            self.warn(row.place, what);
        }
        self.rows += 1;
        self.cut_texts(&mut row);
        self.part(row.account.as_deref(), row.currency.as_deref())?.add(&row);
        if self.sink.row(row).is_break() { Err(ReadError::Stopped) } else { Ok(()) }
    }

    /// Cuts what is longer than a text may be. The identity is that of the whole.
    fn cut_texts(&mut self, row: &mut Row) {
        let most = self.limits.text_bytes;
        // It follows from the description, of which is told.
        cut(&mut row.clean, most);
        let texts = [
            ("description", Some(&mut row.description)),
            ("name of the other side", row.counterparty.as_mut()),
            ("kind", row.kind.as_mut()),
            ("reference", row.reference.as_mut()),
        ];
        for (name, text) in texts {
            let Some(text) = text else { continue };
            let bytes = text.len();
            if cut(text, most) {
                self.warn(
                    row.place,
                    format!("the {name} has {bytes} bytes, of which the first {most} are kept"),
                );
            }
        }
    }

    /// A balance that stands between the rows.
    pub fn balance(
        &mut self,
        account: Option<&str>,
        currency: Option<&str>,
        place: Place,
        balance: crate::Amount,
    ) -> Result<(), ReadError> {
        self.part(account, currency)?.balance(place, balance);
        Ok(())
    }

    /// What the file says of an account; of an account that has one currency, where it does not say which.
    /// What says nothing makes no account of its own beside others.
    pub fn stated(
        &mut self,
        account: Option<&str>,
        currency: Option<&str>,
        stated: Stated,
    ) -> Result<(), ReadError> {
        let mut same = (0..self.parts.len()).filter(|at| {
            let part = &self.parts[*at];
            part.account.as_deref() == account && (currency.is_none() || part.currency.as_deref() == currency)
        });
        match (same.next(), same.next()) {
            (Some(one), None) => self.parts[one].stated = stated,
            (None, _)
                if stated.is_empty() && self.parts.iter().any(|part| part.account.as_deref() == account) => {}
            (None, _) => self.part(account, currency)?.stated = stated,
            // Which of its currencies is meant is not said.
            (Some(_), Some(_)) => {}
        }
        Ok(())
    }

    pub fn warn(&mut self, place: Place, what: impl Into<String>) {
        if self.warnings.len() < WARNINGS_MAX {
            let mut what = what.into();
            cut(&mut what, self.limits.text_bytes);
            self.warnings.push(Warning { place, what });
        } else {
            self.more += 1;
        }
    }

    /// The number of parts there are.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The part of an account and currency, usually the one that was asked for last.
    fn part(&mut self, account: Option<&str>, currency: Option<&str>) -> Result<&mut Part, ReadError> {
        let is = |part: &Part| part.account.as_deref() == account && part.currency.as_deref() == currency;
        if !self.parts.get(self.last).is_some_and(is) {
            let of_account = self.index.entry(account.map(str::to_owned)).or_default();
            let next = self.parts.len();
            let at = *of_account.entry(currency.map(str::to_owned)).or_insert(next);
            if at == next {
                if next >= self.limits.accounts {
                    return Err(Reject::too_large("accounts", self.limits.accounts as u64));
                }
                self.parts.push(Part::new(account, currency));
            }
            self.last = at;
        }
        Ok(&mut self.parts[self.last])
    }

    pub fn finish(self, format: Format, dialect: Dialect) -> Statement {
        let (mut warnings, mut more) = (self.warnings, self.more);
        let mut accounts = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let (account, faults) = part.finish();
            accounts.push(account);
            warnings.extend(faults);
        }
        warnings.sort_by_key(|warning| warning.place);
        more += warnings.len().saturating_sub(WARNINGS_MAX) as u64;
        warnings.truncate(WARNINGS_MAX);
        Statement { format, dialect, accounts, rows: self.rows, warnings, more_warnings: more }
    }
}

/// Leaves at most `most` bytes of a text, the mark that it was cut aside. Whether there were more.
fn cut(text: &mut String, most: usize) -> bool {
    let is_longer = text.len() > most;
    if is_longer {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    // Much may have been read for little that is kept, such as blanks. To shrink in place would leave holes between the
    // texts, in which the next long one has no room.
    if text.capacity() > most + '…'.len_utf8() {
        *text = text.as_str().to_owned();
    }
    is_longer
}
