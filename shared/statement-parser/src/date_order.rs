//! Determines the order of day, month and year from all dates of a file.

use chrono::{Datelike, NaiveDate};

use crate::DateOrder;
use crate::date::{DateCell, ORDERS};

/// A statement spans less than two years; misread years spread it over eleven or more. So if at least one order gives a
/// span below [`PLAUSIBLE_SPAN`] days, every order that gives [`MISREAD_SPAN`] days or more is wrong.
const PLAUSIBLE_SPAN: i32 = 2 * 366;
const MISREAD_SPAN: i32 = 11 * 365;

/// The evidence of a file's dates about their order.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct DateEvidence {
    /// Dates of three numbers, whose form does not show their order.
    ambiguous: u64,
    dotted: u64,
    /// Dates that mean different days in different orders.
    differ: u64,
    orders: [Fit; 3],
}

/// How well the dates fit one order.
#[derive(Debug, Clone, Copy, Default)]
struct Fit {
    misfits: u64,
    up: u64,
    down: u64,
    last: Option<NaiveDate>,
    span: Option<(NaiveDate, NaiveDate)>,
}

impl DateEvidence {
    /// Adds a date. `in_order` if the next date of the same column is in the next row.
    pub fn add(&mut self, cell: DateCell, in_order: bool) {
        if let DateCell::Open { numbers: [a, b, _], dotted } = cell {
            self.ambiguous += 1;
            self.dotted += u64::from(dotted);
            self.differ += u64::from(a != b);
        }
        for (fit, order) in self.orders.iter_mut().zip(ORDERS) {
            let Some(date) = cell.date(order) else {
                fit.misfits += 1;
                continue;
            };
            if in_order {
                fit.up += u64::from(fit.last.is_some_and(|last| last < date));
                fit.down += u64::from(fit.last.is_some_and(|last| last > date));
                fit.last = Some(date);
                fit.span = Some(fit.span.map_or((date, date), |(from, to)| (from.min(date), to.max(date))));
            }
        }
    }

    fn fit(&self, order: DateOrder) -> Fit {
        let mut fits = ORDERS.into_iter().zip(self.orders);
        fits.find(|(known, _)| *known == order).map(|(_, fit)| fit).unwrap_or_default()
    }

    /// Returns the order, or `None` if no date needs one, and whether another order was possible too. `usual` is the
    /// usual order of files of this kind.
    pub fn decide(&self, usual: Option<DateOrder>) -> (Option<DateOrder>, bool) {
        if self.ambiguous == 0 {
            return (None, false);
        }
        let least = self.orders.iter().map(|fit| fit.misfits).min().unwrap_or(0);
        let mut left: Vec<(DateOrder, Fit)> =
            ORDERS.into_iter().zip(self.orders).filter(|(_, fit)| fit.misfits == least).collect();
        let days =
            |fit: &Fit| fit.span.map_or(0, |(from, to)| to.num_days_from_ce() - from.num_days_from_ce());
        if left.iter().any(|(_, fit)| days(fit) < PLAUSIBLE_SPAN) {
            left.retain(|(_, fit)| days(fit) < MISREAD_SPAN);
        }
        let day_first = DateOrder::DayMonthYear;
        // Dates such as 12.31.2024, with points and the month first, do not occur.
        if self.dotted * 2 > self.ambiguous {
            left.retain(|(order, _)| *order == day_first || self.fit(day_first).misfits > least);
        }
        let doubt = left.len() > 1 && self.differ > 0;
        let disorder = |fit: &Fit| fit.up.min(fit.down);
        let least_disorder = left.iter().map(|(_, fit)| disorder(fit)).min().unwrap_or(0);
        left.retain(|(_, fit)| disorder(fit) == least_disorder);
        if let Some(usual) = usual.filter(|usual| left.iter().any(|(order, _)| order == usual)) {
            return (Some(usual), doubt);
        }
        let least_days = left.iter().map(|(_, fit)| days(fit)).min().unwrap_or(0);
        let best = left.iter().find(|(_, fit)| days(fit) == least_days).map(|(order, _)| *order);
        (best.or(Some(DateOrder::DayMonthYear)), doubt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(dates: &[&str], usual: Option<DateOrder>) -> (Option<DateOrder>, bool) {
        let mut evidence = DateEvidence::default();
        dates.iter().filter_map(|text| DateCell::of(text)).for_each(|cell| evidence.add(cell, true));
        evidence.decide(usual)
    }

    #[test]
    fn the_whole_file_tells_the_order() {
        use DateOrder::{DayMonthYear, MonthDayYear, YearMonthDay};
        assert_eq!(decide(&["01/02/2024", "13/02/2024"], None), (Some(DayMonthYear), false));
        assert_eq!(decide(&["01/02/2024", "02/13/2024"], None), (Some(MonthDayYear), false));
        assert_eq!(decide(&["01.02.2024", "02.02.2024"], Some(MonthDayYear)), (Some(DayMonthYear), false));
        assert_eq!(decide(&["2024-01-31"], None), (None, false));
        // In day-month-year order the rows are not sorted.
        assert_eq!(
            decide(&["01/12/2024", "02/03/2024", "03/05/2024"], Some(DayMonthYear)),
            (Some(MonthDayYear), true)
        );
        // All orders fit equally, except for the span of days.
        assert_eq!(decide(&["01/02/2024", "02/02/2024", "03/02/2024"], None), (Some(DayMonthYear), true));
        assert_eq!(decide(&["01/02/2024", "02/02/2024"], Some(MonthDayYear)), (Some(MonthDayYear), true));
        assert_eq!(decide(&["05/05/2024"], None), (Some(DayMonthYear), false));
        assert_eq!(
            decide(&["24-01-05", "24-01-12", "24-01-31"], Some(DayMonthYear)),
            (Some(YearMonthDay), false)
        );
    }
}
