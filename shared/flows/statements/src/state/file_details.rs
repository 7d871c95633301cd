//! The part of a file's record that describes the file in addition to its state.

use chrono::{DateTime, NaiveDate, Utc};
use riffle_contracts::AccountPeriod;
use riffle_statement_parser::Statement;
use serde::{Deserialize, Serialize};

/// The findings about a file and the failures with it, part of its record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub accounts: Vec<AccountDetails>,
    pub warnings: Vec<Remark>,
    pub more_warnings: u64,
    /// Why a person should look at the file.
    pub review: Vec<String>,
    /// Why there are no transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Permanent failures.
    pub errors: Vec<StageFailure>,
    /// The first part with its transactions. The parts before it are those of earlier attempts by other rules, and all
    /// their rows are removed.
    #[serde(skip_serializing_if = "is_first")]
    pub first_part: u32,
    /// Accounts and periods whose transactions were removed or are about to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    pub account: String,
    pub currency: Option<String>,
    /// The first and last day of its transactions.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub rows: u64,
    pub opening: Option<String>,
    pub closing: Option<String>,
    pub balanced: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    pub place: String,
    pub what: String,
}

/// A permanent failure of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageFailure {
    /// The id of the event that reports it.
    pub event_id: String,
    pub stage: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Failures that are kept. A new one replaces the oldest.
const ERRORS_MAX: usize = 20;
/// Bytes of a reason or a remark, at most.
const TEXT_MAX: usize = 500;

impl FileDetails {
    /// Returns the findings with which a new attempt begins: those that earlier attempts leave to the next one.
    pub(crate) fn begun(&self) -> Self {
        Self { first_part: self.first_part, touched: self.touched.clone(), ..Self::default() }
    }

    /// Adds the parser's results: the format, the warnings, and the balances of accounts with stored transactions.
    pub(crate) fn note_statement(&mut self, statement: &Statement, unnamed: &str) {
        self.format = Some(format!("{:?}", statement.format).to_uppercase());
        self.warnings = statement
            .warnings
            .iter()
            .map(|warning| Remark { place: warning.place.to_string(), what: short(&warning.what) })
            .collect();
        self.more_warnings = statement.more_warnings;
        for part in &statement.accounts {
            let name = crate::statement_reader::account_name(part.account.as_deref().unwrap_or(unnamed));
            let Some(found) = self
                .accounts
                .iter_mut()
                .find(|found| found.account == name && found.currency.as_deref() == part.currency.as_deref())
            else {
                // The account has no transactions in this file, so its balances cannot be checked against any.
                continue;
            };
            found.opening = part.opening.map(|amount| amount.to_string());
            found.closing = part.closing.map(|amount| amount.to_string());
            found.balanced = part.balanced;
            if part.balanced == Some(false) {
                let of = if statement.accounts.len() > 1 { format!(" of {name}") } else { String::new() };
                self.review.push(format!("the balances{of} do not agree with its transactions"));
            }
        }
    }

    /// Returns the period of each account, over all currencies.
    pub fn periods(&self) -> Vec<AccountPeriod> {
        let mut periods = self.touched.clone();
        for found in &self.accounts {
            widen(&mut periods, &found.account, found.from, found.to);
        }
        periods
    }

    /// Adds a failure, once for each event. Returns whether it was new.
    pub(crate) fn note_failure(&mut self, failed: StageFailure) -> bool {
        if self.errors.iter().any(|known| known.event_id == failed.event_id) {
            return false;
        }
        self.errors.push(failed);
        if self.errors.len() > ERRORS_MAX {
            self.errors.remove(0);
        }
        true
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_first(part: &u32) -> bool {
    *part == 0
}

/// Extends the period of `account` to include these days.
pub(crate) fn widen(periods: &mut Vec<AccountPeriod>, account: &str, from: NaiveDate, to: NaiveDate) {
    match periods.iter_mut().find(|period| period.account == account) {
        Some(period) => {
            period.from = period.from.min(from);
            period.to = period.to.max(to);
        }
        None => periods.push(AccountPeriod { account: account.to_owned(), from, to }),
    }
}

/// Cuts a text to at most [`TEXT_MAX`] bytes and marks the cut with `…`.
pub(crate) fn short(text: &str) -> String {
    if text.len() <= TEXT_MAX {
        return text.to_owned();
    }
    let mut end = TEXT_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}
