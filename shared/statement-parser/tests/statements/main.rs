//! Proves, for statements as banks export them but with invented people and amounts, the detected dialect and every
//! row.

mod british;
mod central;
mod general;
mod german;
mod north;
mod ofx;
mod properties;
mod south;
mod worldwide;

use riffle_statement_parser::{Dialect, ParseError, ParseLimits, Row, Statement, read};

/// Reads a file that must be a statement.
#[track_caller]
pub fn statement(text: impl AsRef<[u8]>) -> (Statement, Vec<Row>) {
    attempt("statement.csv", text).expect("a statement")
}

pub fn attempt(name: &str, text: impl AsRef<[u8]>) -> Result<(Statement, Vec<Row>), ParseError> {
    let mut rows = Vec::new();
    let statement = read(name, &mut text.as_ref(), &ParseLimits::default(), &mut rows)?;
    assert_eq!(statement.rows, rows.len() as u64);
    Ok((statement, rows))
}

/// Returns the dialect on one line: delimiter, encoding, line of the header, order of dates, decimal mark, signs.
pub fn describe(dialect: &Dialect) -> String {
    let delimiter = match dialect.delimiter {
        Some('\t') => "tab".to_owned(),
        Some(char) => char.to_string(),
        None => "-".to_owned(),
    };
    let header = dialect.header_line.map_or_else(|| "no header".to_owned(), |line| format!("header {line}"));
    let order = dialect.date_order.map_or_else(|| "exact".to_owned(), |order| format!("{order:?}"));
    let mark = dialect.decimal_mark.map_or_else(|| "-".to_owned(), |mark| format!("{mark:?}"));
    let signs = dialect.signs.map_or_else(|| "-".to_owned(), |signs| format!("{signs:?}"));
    format!("{delimiter} {} {header} {order} {mark} {signs}", dialect.encoding)
}

/// Returns a row on one line: date, value date, amount, currency | description | other side | balance | kind |
/// reference.
pub fn line(row: &Row) -> String {
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    format!(
        "{} {} {} {} | {} | {} | {} | {} | {}",
        row.date,
        or(row.value_date.map(|date| date.to_string())),
        row.amount,
        or(row.currency.clone()),
        row.description,
        or(row.counterparty.clone()),
        or(row.balance.map(|balance| balance.to_string())),
        or(row.kind.clone()),
        or(row.reference.clone()),
    )
}

/// Returns each account on one line: account, currency, days, rows, opening, sum, closing, whether it balances.
pub fn accounts(statement: &Statement) -> Vec<String> {
    let or = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let of = |part: &riffle_statement_parser::AccountPart| {
        format!(
            "{} {} {}..{} {} rows: {} + {} = {} {}",
            or(part.account.clone()),
            or(part.currency.clone()),
            or(part.from.map(|date| date.to_string())),
            or(part.to.map(|date| date.to_string())),
            part.rows,
            or(part.opening.map(|amount| amount.to_string())),
            part.sum,
            or(part.closing.map(|amount| amount.to_string())),
            or(part.balanced.map(|balanced| balanced.to_string())),
        )
    };
    statement.accounts.iter().map(of).collect()
}

/// Returns the warnings with their places.
pub fn warnings(statement: &Statement) -> Vec<String> {
    statement.warnings.iter().map(|warning| format!("{}: {}", warning.place, warning.what)).collect()
}

/// Reads a file without faults and compares the dialect, the rows and the accounts; proves that there are no warnings.
#[track_caller]
pub fn check(text: impl AsRef<[u8]>, dialect: &str, rows: &[&str], parts: &[&str]) {
    let (statement, found) = statement(text);
    assert_eq!(describe(&statement.dialect), dialect);
    assert_eq!(found.iter().map(line).collect::<Vec<_>>(), rows);
    assert_eq!(accounts(&statement), parts);
    assert_eq!(warnings(&statement), Vec::<String>::new());
}

/// Encodes text as Windows does in Western Europe.
pub fn windows_1252(text: &str) -> Vec<u8> {
    let (bytes, _, unknown) = encoding_rs::WINDOWS_1252.encode(text);
    assert!(!unknown, "the text can be encoded in Windows-1252");
    bytes.into_owned()
}
