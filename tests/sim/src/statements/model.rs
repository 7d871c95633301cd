//! The expected result of the statements, computed from the scenario only.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use riffle_ports::{Category, Transaction};
use riffle_statements::{CategorySum, CurrencySums, MonthSums, UNNAMED_ACCOUNT};
use rust_decimal::Decimal;

use super::reader::{StatementContent, StatementLine, date};

/// The identity of a transaction in the scenario's own terms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelKey {
    pub account: String,
    /// Whether the statement itself names the account.
    pub named: bool,
    pub date: NaiveDate,
    pub cents: i64,
    pub currency: String,
    pub text: String,
    /// The version of the parser that read it. Another version gives other identities, and so other transactions.
    pub version: usize,
    /// The number of this row among equal rows of one statement, from 1.
    pub occurrence: u32,
}

impl ModelKey {
    pub fn of(transaction: &Transaction) -> Self {
        Self {
            account: transaction.key.account.clone(),
            named: transaction.kind.is_some(),
            date: transaction.key.date,
            cents: cents(transaction.amount),
            currency: transaction.currency.clone(),
            text: transaction.description.clone(),
            version: usize::from(transaction.key.identity.get(2..4) != Some("01")),
            occurrence: transaction.key.occurrence,
        }
    }
}

fn cents(amount: Decimal) -> i64 {
    i64::try_from(amount.mantissa()).unwrap_or_default()
}

/// Returns the transactions that a statement shows to the parser of `version`, with the line in which each is.
pub fn shown(content: &StatementContent, account: Option<&str>, version: usize) -> BTreeMap<ModelKey, usize> {
    let mut shown = BTreeMap::new();
    for (number, line) in content.lines.iter().enumerate() {
        let mut key = key(line, account, version);
        while shown.contains_key(&key) {
            key.occurrence += 1;
        }
        shown.insert(key, number + 3);
    }
    shown
}

fn key(line: &StatementLine, account: Option<&str>, version: usize) -> ModelKey {
    ModelKey {
        account: line.account.or(account).unwrap_or(UNNAMED_ACCOUNT).to_owned(),
        named: line.account.is_some(),
        date: date(line.day, line.text, version),
        cents: line.cents,
        currency: line.currency.to_owned(),
        text: line.text.to_owned(),
        version,
        occurrence: 1,
    }
}

/// Returns the category according to the scenario's rules.
pub fn category(cents: i64, text: &str) -> Option<&'static str> {
    if text.contains("coffee") {
        Some("Food")
    } else if cents >= 0 {
        Some("Pay")
    } else if text.contains("rent") {
        Some("Rent")
    } else {
        None
    }
}

/// Computes the sums of the stored transactions by tenant, account and month.
pub fn figures<'t>(
    rows: impl Iterator<Item = (&'t str, &'t Transaction)>,
) -> BTreeMap<(String, String, String), MonthSums> {
    let mut figures: BTreeMap<(String, String, String), MonthSums> = BTreeMap::new();
    for (tenant, row) in rows {
        let month = format!("{:04}-{:02}", row.key.date.year(), row.key.date.month());
        let sums = figures.entry((tenant.to_owned(), row.key.account.clone(), month)).or_default();
        let cents = cents(row.amount);
        let CurrencySums { count, money_in, money_out, categories } =
            sums.0.entry(row.currency.clone()).or_default();
        *count += 1;
        *(if cents < 0 { money_out } else { money_in }) += Decimal::new(cents, 2);
        let named = row.category.as_ref().map_or("", |Category { name, .. }| name);
        let CategorySum { count, sum } = categories.entry(named.to_owned()).or_default();
        *count += 1;
        *sum += Decimal::new(cents, 2);
    }
    figures
}
