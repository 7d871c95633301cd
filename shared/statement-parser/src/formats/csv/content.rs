//! Assigns roles to columns by their content, if names give no information: there is no header, or it is in an unknown
//! language.

use rust_decimal::Decimal;

use super::columns::currency;
use super::table::{CsvRecord, CsvTable};
use crate::number::Scanned;
use crate::{DecimalMark, Role, date};

/// Records with more columns are not statements.
const COLUMNS: usize = 100;

/// Returns the table's score, whether money goes in and out, and the table, if the records contain dates, amounts of
/// money and texts.
pub(super) fn find(records: &[CsvRecord], least: usize) -> Option<(usize, bool, CsvTable)> {
    let width = usual_width(records)?;
    let rows: Vec<&CsvRecord> = records
        .iter()
        .filter(|record| record.cells.len() == width)
        .filter(|record| record.cells.iter().any(|cell| date::DateCell::of(cell).is_some()))
        .collect();
    if rows.len() < least
        || rows.len() * 2 < records.iter().filter(|record| record.cells.len() == width).count()
    {
        return None;
    }
    let column = |column: usize| rows.iter().map(move |row| row.cells[column].as_str());
    let share =
        |at: usize, is: &dyn Fn(&str) -> bool| column(at).filter(|cell| is(cell)).count() * 100 / rows.len();
    let mut roles = vec![Role::Other; width];
    let mut dates = (0..width).filter(|at| share(*at, &|cell| date::DateCell::of(cell).is_some()) >= 90);
    roles[dates.next()?] = Role::Date;
    if let Some(second) = dates.next() {
        roles[second] = Role::ValueDate;
    }
    let open = |roles: &[Role]| (0..width).filter(|at| roles[*at] == Role::Other).collect::<Vec<_>>();
    let money: Vec<usize> = open(&roles)
        .into_iter()
        .filter(|at| {
            let filled = column(*at).filter(|cell| !cell.is_empty()).count();
            let money = column(*at).filter_map(Scanned::of).filter(|amount| amount.decimals() == 2).count();
            let numbers = column(*at).filter(|cell| Scanned::of(cell).is_some()).count();
            filled > 0 && numbers == filled && money * 10 >= filled * 8
        })
        .collect();
    // Another column with negative numbers may be the amounts, in whole units.
    let negative = |at: &usize| column(*at).filter_map(Scanned::of).any(|amount| amount.negative);
    if open(&roles).iter().filter(|at| !money.contains(at)).any(negative) {
        return None;
    }
    amounts(&rows, &money, &mut roles)?;
    for at in open(&roles) {
        if share(at, &|cell| currency(cell).is_some()) >= 90 && !roles.contains(&Role::Currency) {
            roles[at] = Role::Currency;
        } else if share(at, &|cell| cell.chars().any(char::is_alphabetic)) >= 50 {
            roles[at] = Role::Description;
        }
    }
    if !roles.contains(&Role::Description) {
        return None;
    }
    let first = rows[0].line;
    let is_header = |record: &&CsvRecord| {
        record.line < first
            && record.cells.len() == width
            && record.cells.iter().filter(|cell| cell.chars().any(char::is_alphabetic)).count() * 2 > width
            && !record.cells.iter().any(|cell| Scanned::of(cell).is_some())
    };
    let header = records.iter().rfind(is_header);
    let identity = (0..width).filter(|at| roles[*at] != Role::Balance).collect();
    let table = CsvTable {
        delimiter: 0,
        header: header.map(|header| header.line),
        first: header.map_or(first, |header| header.line + 1),
        names: header.map_or_else(Vec::new, |header| header.cells.clone()),
        roles,
        identity,
        currency: None,
        by_content: true,
    };
    let both_ways = {
        let amounts = || table.column(Role::Amount).into_iter().flat_map(column).filter_map(Scanned::of);
        amounts().any(|amount| amount.negative) && amounts().any(|amount| !amount.negative)
    };
    Some((width.min(50) * 2 + rows.len().min(50), both_ways, table))
}

/// Returns the number of columns that most records have.
fn usual_width(records: &[CsvRecord]) -> Option<usize> {
    let mut widths: Vec<usize> = records
        .iter()
        .map(|record| record.cells.len())
        .filter(|width| (3..=COLUMNS).contains(width))
        .collect();
    widths.sort_unstable();
    widths.chunk_by(|a, b| a == b).max_by_key(|same| same.len()).map(|same| same[0])
}

/// Assigns the roles of the columns of money.
fn amounts(rows: &[&CsvRecord], money: &[usize], roles: &mut [Role]) -> Option<()> {
    let value = |row: &CsvRecord, at: usize| -> Option<Decimal> {
        Scanned::of(&row.cells[at])?.value(DecimalMark::Point).ok().map(|value| value.amount)
    };
    let filled = |at: usize| rows.iter().filter(|row| !row.cells[at].is_empty()).count();
    let apart =
        |a: usize, b: usize| rows.iter().all(|row| row.cells[a].is_empty() != row.cells[b].is_empty());
    let full: Vec<usize> = money.iter().copied().filter(|at| filled(*at) == rows.len()).collect();
    let pairs = money.windows(2).find(|pair| filled(pair[0]) < rows.len() && apart(pair[0], pair[1]));
    if let Some(pair) = pairs {
        (roles[pair[0]], roles[pair[1]]) = (Role::Debit, Role::Credit);
        if let Some(balance) = full.last() {
            roles[*balance] = Role::Balance;
        }
        return Some(());
    }
    // Counts how often the difference of two balances is an amount, forward or backward in time.
    let steps = |amount: usize, balance: usize| {
        let fits = |pair: &&[&CsvRecord]| {
            let (Some(before), Some(after)) = (value(pair[0], balance), value(pair[1], balance)) else {
                return false;
            };
            value(pair[1], amount) == after.checked_sub(before)
                || value(pair[0], amount) == before.checked_sub(after)
        };
        rows.windows(2).filter(fits).count()
    };
    let (mut amount, mut balance, mut most) = (*full.first()?, full.get(1).copied(), 0);
    for (a, b) in full.iter().flat_map(|a| full.iter().map(move |b| (*a, *b))).filter(|(a, b)| a != b) {
        let found = steps(a, b);
        if found > most {
            (amount, balance, most) = (a, Some(b), found);
        }
    }
    roles[amount] = Role::Amount;
    if let Some(balance) = balance {
        roles[balance] = Role::Balance;
    }
    Some(())
}
