//! Connects the formats to the sink: numbers repeated rows, adds up accounts and collects warnings.
//!
//! A format calls [`RowOutput::note`] for every row of its first pass, [`RowOutput::again`] between the passes and
//! [`RowOutput::row`] for every row of its second pass.

use std::collections::HashMap;

use crate::part::{Stated, StatementPart};
use crate::repeats::Repeats;
use crate::statement::WARNINGS_MAX;
use crate::{Dialect, Format, ParseError, ParseLimits, Reject, Row, RowPlace, RowSink, Statement, Warning};

pub(crate) struct RowOutput<'a> {
    pub limits: &'a ParseLimits,
    sink: &'a mut dyn RowSink,
    repeats: Repeats,
    parts: Vec<StatementPart>,
    /// Indices into `parts`, by account and then by currency.
    index: HashMap<Option<String>, HashMap<Option<String>, usize>>,
    last: usize,
    rows: u64,
    warnings: Vec<Warning>,
    more: u64,
}

impl<'a> RowOutput<'a> {
    pub fn new(limits: &'a ParseLimits, sink: &'a mut dyn RowSink) -> Self {
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

    /// First pass: records a row. Rows of the same identity must have the same key.
    pub fn note(&mut self, key: u64) {
        self.repeats.record(key);
    }

    /// Starts the second pass.
    pub fn again(&mut self) {
        self.repeats.end_first_pass();
    }

    /// Second pass: emits a row after setting its occurrence.
    pub fn row(&mut self, key: u64, mut row: Row) -> Result<(), ParseError> {
        row.occurrence = self.repeats.occurrence(key, row.identity, self.limits.repeated)?;
        if row.occurrence == 2 && row.identity.basis == crate::Basis::Reference {
            let what = "two transactions have the same id, date and amount; both are kept";
            self.warn(row.place, what);
        }
        self.rows += 1;
        self.cut_texts(&mut row);
        self.part(row.account.as_deref(), row.currency.as_deref())?.add(&row);
        if self.sink.row(row).is_break() { Err(ParseError::Stopped) } else { Ok(()) }
    }

    /// Truncates texts that exceed the limit. The identity is computed from the full texts.
    fn cut_texts(&mut self, row: &mut Row) {
        let most = self.limits.text_bytes;
        // No warning of its own: it is derived from the description, which gets one.
        cut(&mut row.clean, most);
        let texts = [
            ("description", Some(&mut row.description)),
            ("counterparty's name", row.counterparty.as_mut()),
            ("kind", row.kind.as_mut()),
            ("reference", row.reference.as_mut()),
        ];
        for (name, text) in texts {
            let Some(text) = text else { continue };
            let bytes = text.len();
            if cut(text, most) {
                self.warn(row.place, format!("the {name} has {bytes} bytes; only the first {most} are kept"));
            }
        }
    }

    /// Records a balance on a line between the rows.
    pub fn balance(
        &mut self,
        account: Option<&str>,
        currency: Option<&str>,
        place: RowPlace,
        balance: crate::Amount,
    ) -> Result<(), ParseError> {
        self.part(account, currency)?.balance(place, balance);
        Ok(())
    }

    /// Records the file's own statements about an account. If they name no currency and the account has exactly one,
    /// they apply to that one. Empty statements do not create a part if the account already has one.
    pub fn stated(
        &mut self,
        account: Option<&str>,
        currency: Option<&str>,
        stated: Stated,
    ) -> Result<(), ParseError> {
        let mut same = (0..self.parts.len()).filter(|at| {
            let part = &self.parts[*at];
            part.account.as_deref() == account && (currency.is_none() || part.currency.as_deref() == currency)
        });
        match (same.next(), same.next()) {
            (Some(one), None) => self.parts[one].stated = stated,
            (None, _)
                if stated.is_empty() && self.parts.iter().any(|part| part.account.as_deref() == account) => {}
            (None, _) => self.part(account, currency)?.stated = stated,
            // It is unclear which of the account's currencies is meant.
            (Some(_), Some(_)) => {}
        }
        Ok(())
    }

    pub fn warn(&mut self, place: RowPlace, what: impl Into<String>) {
        if self.warnings.len() < WARNINGS_MAX {
            let mut what = what.into();
            cut(&mut what, self.limits.text_bytes);
            self.warnings.push(Warning { place, what });
        } else {
            self.more += 1;
        }
    }

    /// Returns the number of parts.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns the part of an account and currency. It is usually the part of the previous call.
    fn part(
        &mut self,
        account: Option<&str>,
        currency: Option<&str>,
    ) -> Result<&mut StatementPart, ParseError> {
        let is =
            |part: &StatementPart| part.account.as_deref() == account && part.currency.as_deref() == currency;
        if !self.parts.get(self.last).is_some_and(is) {
            let of_account = self.index.entry(account.map(str::to_owned)).or_default();
            let next = self.parts.len();
            let at = *of_account.entry(currency.map(str::to_owned)).or_insert(next);
            if at == next {
                if next >= self.limits.accounts {
                    return Err(Reject::too_large("accounts", self.limits.accounts as u64));
                }
                self.parts.push(StatementPart::new(account, currency));
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

/// Truncates a text to `most` bytes, plus an ellipsis. Returns whether the text was longer.
fn cut(text: &mut String, most: usize) -> bool {
    let is_longer = text.len() > most;
    if is_longer {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    // The text may have a large capacity for little content, for example if blanks were removed. Shrinking it in place
    // would leave gaps between the texts that are too small for the next long text, so it is copied.
    if text.capacity() > most + '…'.len_utf8() {
        *text = text.as_str().to_owned();
    }
    is_longer
}
