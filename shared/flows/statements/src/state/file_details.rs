//! What a file's record keeps beside its state.

use chrono::{DateTime, NaiveDate, Utc};
use riffle_contracts::AccountPeriod;
use riffle_statement_parser::Statement;
use serde::{Deserialize, Serialize};

/// What was found in a file, and what went wrong with it: part of its record.
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
    /// Why a person should look.
    pub review: Vec<String>,
    /// Why there are no transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What failed for good.
    pub errors: Vec<Failed>,
    /// Its transactions are in the parts from this one on: those before are of attempts by other rules, and none of
    /// them is left.
    #[serde(skip_serializing_if = "is_first")]
    pub first_part: u32,
    /// Where transactions may have been that were taken back, or are to be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub touched: Vec<AccountPeriod>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountDetails {
    pub account: String,
    pub currency: Option<String>,
    /// Of its transactions.
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

/// Something failed too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Of the event that tells of it.
    pub event_id: String,
    pub stage: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Failures that are kept; the newest push out the oldest.
const ERRORS_MAX: usize = 20;
/// Bytes of a reason or a remark.
const TEXT_MAX: usize = 500;

impl FileDetails {
    /// Of a file that is begun: all that earlier attempts leave to the next.
    pub(crate) fn begun(&self) -> Self {
        Self { first_part: self.first_part, touched: self.touched.clone(), ..Self::default() }
    }

    /// What the parser says, with the days of the transactions that were stored.
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
                // It has no transactions: its balances say nothing of ours.
                continue;
            };
            found.opening = part.opening.map(|amount| amount.to_string());
            found.closing = part.closing.map(|amount| amount.to_string());
            found.balanced = part.balanced;
            if part.balanced == Some(false) {
                let of = if statement.accounts.len() > 1 { format!(" of {name}") } else { String::new() };
                self.review.push(format!("the balances{of} do not follow from its transactions"));
            }
        }
    }

    /// The days of each account, whatever the currency.
    pub fn periods(&self) -> Vec<AccountPeriod> {
        let mut periods = self.touched.clone();
        for found in &self.accounts {
            widen(&mut periods, &found.account, found.from, found.to);
        }
        periods
    }

    /// Once per event.
    pub(crate) fn note_failure(&mut self, failed: Failed) -> bool {
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
const fn is_first(part: &u32) -> bool {
    *part == 0
}

/// Makes the period of `account` hold these days.
pub(crate) fn widen(periods: &mut Vec<AccountPeriod>, account: &str, from: NaiveDate, to: NaiveDate) {
    match periods.iter_mut().find(|period| period.account == account) {
        Some(period) => {
            period.from = period.from.min(from);
            period.to = period.to.max(to);
        }
        None => periods.push(AccountPeriod { account: account.to_owned(), from, to }),
    }
}

/// At most so much of a text.
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
