//! Reads the lines around the table. They contain the account, currency, period and balances, each next to its name, in
//! the same cell after a colon, or below it.

use super::columns::currency;
use super::words::{ACCOUNT, CLOSING, CURRENCY, OPENING, PERIOD, contains_word};
use crate::number::Scanned;
use crate::readable::fold;
use crate::{RowPlace, date};

/// A longer text, in bytes, is not a name.
const LONGEST: usize = 80;

/// The values found so far. Values whose interpretation needs the whole file are not interpreted yet.
#[derive(Debug, Default, Clone)]
pub(super) struct PreambleValues {
    pub account: Option<String>,
    pub currency: Option<String>,
    pub period: Option<(date::DateCell, date::DateCell)>,
    pub opening: Option<(RowPlace, Scanned)>,
    pub closing: Option<(RowPlace, Scanned)>,
    /// Names without a value, by their column: the value may be below.
    waiting: Vec<(usize, PreambleName)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PreambleName {
    Account,
    Currency,
    Period,
    Opening,
    Closing,
}

/// Returns which balance a text names.
pub(super) fn balance(text: &str) -> Option<PreambleName> {
    kind(text).filter(|kind| matches!(kind, PreambleName::Opening | PreambleName::Closing))
}

fn kind(text: &str) -> Option<PreambleName> {
    if text.len() > LONGEST {
        return None;
    }
    let folded = fold(text);
    let is = |names: &str| {
        let begins = |name: &str| {
            let rest = folded.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' ') && goes_on(rest))
        };
        names.split('|').any(begins)
    };
    // Balances come before accounts: `Kontostand` is a balance and not the name of an account.
    [
        (OPENING, PreambleName::Opening),
        (CLOSING, PreambleName::Closing),
        (PERIOD, PreambleName::Period),
        (CURRENCY, PreambleName::Currency),
        (ACCOUNT, PreambleName::Account),
    ]
    .into_iter()
    .find(|(names, _)| is(names))
    .map(|(_, kind)| kind)
}

/// Words that may be between a name and its date.
const SMALL: &str =
    "as|of|on|vom|am|au|le|al|a|per|na|dzien|op|pr|den|the|at|zum|del|dal|nr|no|n|eur|gbp|usd|in|from";

/// Returns whether the text after a name consists of its date and the like, and is not the rest of another name.
fn goes_on(rest: &str) -> bool {
    rest.split_whitespace()
        .all(|word| word.bytes().all(|byte| byte.is_ascii_digit()) || contains_word(SMALL, word))
}

impl PreambleValues {
    /// Reads a line. Returns `true` if it names another account, whose rows follow.
    pub fn line(&mut self, place: RowPlace, cells: &[String]) -> bool {
        let before = self.account.clone();
        for (column, kind) in std::mem::take(&mut self.waiting) {
            if let Some(cell) = cells.get(column) {
                self.take(kind, place, cell);
            }
        }
        let mut at = 0;
        while let Some(cell) = cells.get(at) {
            let (name, behind) = cell.split_once(':').unwrap_or((cell, ""));
            let Some(kind) = kind(name) else {
                at += 1;
                continue;
            };
            let beside = || cells[at + 1..].iter().map(String::as_str);
            let taken =
                std::iter::once(behind).chain(beside()).position(|value| self.take(kind, place, value));
            if taken.is_none() {
                self.waiting.push((at, kind));
            }
            at += 1 + taken.unwrap_or(0);
        }
        self.account != before
    }

    /// Returns the notes for the next account, after those of the previous account were emitted.
    pub fn begun_again(self) -> Self {
        Self { account: self.account, currency: self.currency, waiting: self.waiting, ..Self::default() }
    }

    /// Stores a value. Returns `false` if the text is not a value of this kind.
    fn take(&mut self, kind: PreambleName, place: RowPlace, text: &str) -> bool {
        let text = text.trim();
        match kind {
            PreambleName::Account => match account(text) {
                Some(account) => self.account = Some(account),
                None => return false,
            },
            PreambleName::Currency => match currency(text) {
                Some(currency) => self.currency = Some(currency),
                None => return false,
            },
            PreambleName::Period => match period(text) {
                Some(period) => self.period = Some(period),
                None => return false,
            },
            PreambleName::Opening | PreambleName::Closing => {
                let Some(amount) = Scanned::of(text).filter(|_| date::DateCell::of(text).is_none()) else {
                    return false;
                };
                let field = if kind == PreambleName::Opening { &mut self.opening } else { &mut self.closing };
                *field = Some((place, amount));
                if self.currency.is_none() {
                    self.currency = amount.currency.and_then(|code| String::from_utf8(code.to_vec()).ok());
                }
            }
        }
        true
    }
}

/// Returns an account number or IBAN, without blanks and without additional text of the bank.
pub(super) fn account(text: &str) -> Option<String> {
    let number = text.split(" / ").next().unwrap_or_default().trim().trim_matches(['"', '\'', '=']);
    let number: String = number.chars().filter(|char| !char.is_whitespace()).collect();
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let letters = number.chars().filter(|char| char.is_alphabetic()).count();
    let is = digits >= 3 && letters <= digits && number.len() <= 40 && date::DateCell::of(text).is_none();
    is.then_some(number)
}

/// Parses two dates with a separator between them.
fn period(text: &str) -> Option<(date::DateCell, date::DateCell)> {
    [" - ", " – ", " bis ", " to ", " au ", " al ", " t/m ", "-", " "].into_iter().find_map(|between| {
        let (from, to) = text.split_once(between)?;
        Some((date::DateCell::of(from)?, date::DateCell::of(to)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(lines: &[&[&str]]) -> PreambleValues {
        let mut notes = PreambleValues::default();
        for line in lines {
            notes.line(RowPlace::Line(1), &line.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>());
        }
        notes
    }

    #[test]
    fn values_stand_beside_behind_and_below_their_names() {
        let beside = notes(&[
            &["Kontonummer:", "DE02 1203 0000 0000 2020 51 / Girokonto"],
            &["Saldo", "1.234,56", "EUR"],
        ]);
        assert_eq!(beside.account.as_deref(), Some("DE02120300000000202051"));
        assert_eq!(beside.closing.map(|(_, amount)| amount.negative), Some(false));
        let behind =
            notes(&[&["Account: 12345678"], &["Currency: GBP"], &["Period: 01/01/2024 - 31/01/2024"]]);
        assert_eq!((behind.account.as_deref(), behind.currency.as_deref()), (Some("12345678"), Some("GBP")));
        assert!(behind.period.is_some());
        let below = notes(&[&["#Waluta", "#Numer rachunku"], &["PLN", "11 1140 2004"]]);
        assert_eq!((below.account.as_deref(), below.currency.as_deref()), (Some("1111402004"), Some("PLN")));
        let summary =
            notes(&[&["Beginning balance as of 01/01/2024", "", "1,000.00"], &["Total credits", "", "5.00"]]);
        assert!(summary.opening.is_some() && summary.closing.is_none());
        let trailer = notes(&[&["Kontostand", "31.01.2024", "", "", "1.234,56", "EUR"]]);
        assert!(trailer.closing.is_some());
    }

    #[test]
    fn other_texts_say_nothing() {
        let other = notes(&[&["Account holder", "12345"], &["Balance transfer fee", "5.00"]]);
        assert!(other.account.is_none() && other.closing.is_none());
    }
}
