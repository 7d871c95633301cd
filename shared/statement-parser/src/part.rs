//! One account in one currency: its days, its sum, and whether its balances agree with its amounts.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::statement::WARNINGS_MAX;
use crate::{AccountPart, Row, RowPlace, Warning};

/// The statement's own information about an account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stated {
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub opening: Option<Decimal>,
    pub closing: Option<Decimal>,
}

impl Stated {
    /// Returns whether it contains no balance.
    pub fn is_empty(&self) -> bool {
        self.opening.is_none() && self.closing.is_none()
    }
}

#[derive(Debug)]
pub(crate) struct StatementPart {
    pub account: Option<String>,
    pub currency: Option<String>,
    pub stated: Stated,
    rows: u64,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    last: Option<NaiveDate>,
    /// Steps from one row to the next to a later date, and to an earlier date.
    up: u64,
    down: u64,
    /// `None` if the sum became too large.
    sum: Option<Decimal>,
    /// Rows may be in ascending or descending order of time. Both are tracked until the end shows which applies.
    forward: Chain,
    backward: Chain,
    /// The same per day, for banks that give one balance per day, or order the rows within a day differently than the
    /// days.
    days_forward: Chain,
    days_backward: Chain,
    day: Option<Day>,
}

/// Consecutive rows of the same day.
#[derive(Debug, Clone, Copy)]
struct Day {
    date: NaiveDate,
    place: RowPlace,
    sum: Option<Decimal>,
    first: Option<Decimal>,
    last: Option<Decimal>,
}

/// The balances of the rows in one direction of time.
#[derive(Debug, Default)]
struct Chain {
    /// Sum of the amounts before the first balance.
    before: Decimal,
    first: Option<Decimal>,
    last: Option<Decimal>,
    /// Sum of the amounts since the last balance.
    since: Decimal,
    steps: u64,
    breaks: u64,
    faults: Vec<Warning>,
}

impl Chain {
    fn step(&mut self, place: RowPlace, balance: Decimal, due: Option<Decimal>) {
        if self.first.is_none() {
            (self.first, self.before) = (Some(balance), self.since);
        } else {
            self.steps += 1;
            if due != Some(balance) {
                self.breaks += 1;
                if self.faults.len() < WARNINGS_MAX {
                    let due = due.map_or_else(|| "another value".to_owned(), |due| due.to_string());
                    let what = format!("the balance is {balance}, but the neighbouring rows result in {due}");
                    self.faults.push(Warning { place, what });
                }
            }
        }
        self.last = Some(balance);
        self.since = Decimal::ZERO;
    }

    fn add(&mut self, amount: Decimal) {
        // A sum that is too large shows up as a balance that does not agree.
        self.since = self.since.checked_add(amount).unwrap_or_default();
    }
}

impl StatementPart {
    pub fn new(account: Option<&str>, currency: Option<&str>) -> Self {
        Self {
            account: account.map(str::to_owned),
            currency: currency.map(str::to_owned),
            stated: Stated::default(),
            rows: 0,
            from: None,
            to: None,
            last: None,
            up: 0,
            down: 0,
            sum: Some(Decimal::ZERO),
            forward: Chain::default(),
            backward: Chain::default(),
            days_forward: Chain::default(),
            days_backward: Chain::default(),
            day: None,
        }
    }

    pub fn add(&mut self, row: &Row) {
        self.rows += 1;
        self.from = Some(self.from.map_or(row.date, |from| from.min(row.date)));
        self.to = Some(self.to.map_or(row.date, |to| to.max(row.date)));
        self.up += u64::from(self.last.is_some_and(|last| last < row.date));
        self.down += u64::from(self.last.is_some_and(|last| last > row.date));
        self.last = Some(row.date);
        self.sum = self.sum.and_then(|sum| sum.checked_add(row.amount));
        self.forward.add(row.amount);
        if let Some(balance) = row.balance {
            self.balance(row.place, balance);
        }
        self.backward.add(row.amount);
        if self.day.is_none_or(|day| day.date != row.date) {
            self.end_day();
            let sum = Some(Decimal::ZERO);
            self.day = Some(Day { date: row.date, place: row.place, sum, first: None, last: None });
        }
        if let Some(day) = &mut self.day {
            day.sum = day.sum.and_then(|sum| sum.checked_add(row.amount));
            day.first = day.first.or(row.balance);
            day.last = row.balance.or(day.last);
        }
    }

    /// Ends a day. In either direction, the balance after the day is the first or the last one on its rows.
    fn end_day(&mut self) {
        let Some(day) = self.day.take() else { return };
        let sum = day.sum.unwrap_or_default();
        self.days_forward.add(sum);
        if let (Some(first), Some(last)) = (day.first, day.last) {
            let due = self.days_forward.last.and_then(|last| last.checked_add(self.days_forward.since));
            self.days_forward.step(day.place, first, due);
            let due = self.days_backward.last.and_then(|last| last.checked_sub(self.days_backward.since));
            self.days_backward.step(day.place, last, due);
        }
        self.days_backward.add(sum);
    }

    /// Adds a balance that is on a line between rows, or on the row that was added last.
    pub fn balance(&mut self, place: RowPlace, balance: Decimal) {
        let due = self.forward.last.and_then(|last| last.checked_add(self.forward.since));
        self.forward.step(place, balance, due);
        let due = self.backward.last.and_then(|last| last.checked_sub(self.backward.since));
        self.backward.step(place, balance, due);
    }

    /// Returns the account's totals, and warnings about values that do not agree.
    pub fn finish(mut self) -> (AccountPart, Vec<Warning>) {
        self.end_day();
        let rows = better(self.forward, self.backward, self.up >= self.down);
        let days = better(self.days_forward, self.days_backward, self.up >= self.down);
        // The chains by day are used only if all their balances agree.
        let whole = rows.0.breaks > 0 && days.0.breaks == 0 && days.0.steps > 0;
        let (chain, forward) = if whole { days } else { rows };
        let mut warnings = Vec::new();
        let sum = self.sum.unwrap_or_else(|| {
            let what = "the amounts are too large to add up".to_owned();
            warnings.push(Warning { place: RowPlace::File, what });
            Decimal::ZERO
        });
        let (mut opening, mut closing, mut balanced) = (None, None, None);
        if let (Some(first), Some(last)) = (chain.first, chain.last) {
            (opening, closing) = if forward {
                (first.checked_sub(chain.before), last.checked_add(chain.since))
            } else {
                (last.checked_sub(chain.since), first.checked_add(chain.before))
            };
            balanced = Some(chain.breaks == 0 && self.sum.is_some());
            // If almost no balance agrees, the column does not contain the balance after each row.
            if chain.steps >= 3 && chain.breaks * 10 > chain.steps * 9 {
                let what = format!(
                    "the balances do not agree with the amounts: {} of {} are wrong",
                    chain.breaks, chain.steps
                );
                warnings.push(Warning { place: RowPlace::File, what });
            } else {
                warnings.extend(chain.faults);
            }
        }
        let stated = self.stated;
        for (known, stated, which) in
            [(&mut opening, stated.opening, "opening"), (&mut closing, stated.closing, "closing")]
        {
            match (*known, stated) {
                (Some(known), Some(stated)) if known != stated => {
                    let what =
                        format!("the {which} balance is stated as {stated}, but the rows result in {known}");
                    warnings.push(Warning { place: RowPlace::File, what });
                }
                (None, Some(stated)) => *known = Some(stated),
                _ => {}
            }
        }
        if balanced.is_none()
            && let (Some(opening), Some(closing)) = (opening, closing)
        {
            let fits = self.sum.and_then(|sum| opening.checked_add(sum)) == Some(closing);
            balanced = Some(fits);
            if !fits {
                let what = format!(
                    "the opening balance {opening} plus all amounts {sum} is not the closing balance \
                     {closing}"
                );
                warnings.push(Warning { place: RowPlace::File, what });
            }
        }
        let part = AccountPart {
            account: self.account,
            currency: self.currency,
            from: stated.from.or(self.from),
            to: stated.to.or(self.to),
            rows: self.rows,
            opening,
            closing,
            sum,
            balanced,
        };
        (part, warnings)
    }
}

/// Returns the chain with fewer disagreeing balances, and whether it is the forward chain.
fn better(forward: Chain, backward: Chain, upward: bool) -> (Chain, bool) {
    match forward.breaks.cmp(&backward.breaks) {
        std::cmp::Ordering::Less => (forward, true),
        std::cmp::Ordering::Equal if upward => (forward, true),
        std::cmp::Ordering::Greater | std::cmp::Ordering::Equal => (backward, false),
    }
}
