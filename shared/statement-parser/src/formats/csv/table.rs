//! Finds the table in the beginning of a file: its delimiter, its header and the roles of its columns.

use super::columns::{self, NamedColumns};
use super::content;
use super::record_splitter::{Cut, RecordSplitter};
use super::words::{CURRENCY_CODES, contains_word};
use crate::decode::Charset;
use crate::number::Scanned;
use crate::sniff::FileStart;
use crate::{Column, ParseError, ParseLimits, Reject, Role, date};

/// In order of preference: if several fit equally well, the first is used.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Number of records of the beginning that are inspected.
const RECORDS: usize = 400;
/// Number of records in which the header is searched, and of records below it that are inspected.
const PREAMBLE: usize = 100;
const SAMPLE: usize = 60;

#[derive(Debug, Clone)]
pub(super) struct CsvTable {
    pub delimiter: u8,
    /// The line of the header.
    pub header: Option<u64>,
    /// The first line that may be a row.
    pub first: u64,
    pub names: Vec<String>,
    pub roles: Vec<Role>,
    /// The columns whose cells form the identity of a row.
    pub identity: Vec<usize>,
    /// The currency of the amounts, if the header gives it.
    pub currency: Option<String>,
    /// Whether the roles were assigned by content, because the names gave none.
    pub by_content: bool,
}

/// A decoded record of the beginning.
#[derive(Debug)]
pub(super) struct CsvRecord {
    pub line: u64,
    pub cells: Vec<String>,
}

impl CsvTable {
    pub fn find(start: &FileStart<'_>, limits: &ParseLimits) -> Result<Self, ParseError> {
        let charset = Charset::of(&start.head);
        let mut best: Option<(usize, Self)> = None;
        let mut why: Option<String> = None;
        let named = start.is_named(&[".csv", ".tsv", ".tab", ".psv"]);
        for delimiter in DELIMITERS {
            let records = records(start, delimiter, charset, limits)?;
            match find(delimiter, &records, named) {
                Ok((score, table)) if best.as_ref().is_none_or(|(known, _)| score > *known) => {
                    best = Some((score, table));
                }
                Ok(_) => {}
                Err(reason) => why = why.or(reason),
            }
        }
        let no_table = || "it does not have a column of dates and a column of amounts".to_owned();
        best.map(|(_, table)| table).ok_or_else(|| Reject::not_a_statement(why.unwrap_or_else(no_table)))
    }

    pub fn column(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|own| *own == role)
    }

    pub fn columns(&self, role: Role) -> Vec<usize> {
        self.roles.iter().enumerate().filter(|(_, own)| **own == role).map(|(column, _)| column).collect()
    }

    /// Returns the columns with their names, for display.
    pub fn described(&self) -> Vec<Column> {
        let name = |column: usize| self.names.get(column).cloned().unwrap_or_default();
        self.roles
            .iter()
            .enumerate()
            .map(|(column, role)| Column { name: name(column), role: *role })
            .collect()
    }
}

/// Returns the first records that are not empty.
fn records(
    start: &FileStart<'_>,
    delimiter: u8,
    charset: Charset,
    limits: &ParseLimits,
) -> Result<Vec<CsvRecord>, ParseError> {
    // The first pass determines the usual number of columns. With it, the second pass recognises quotes that were never
    // closed.
    let mut widths = Vec::new();
    let mut cutter = RecordSplitter::new(&start.head[..], delimiter, start.head.len() + 1, limits.columns);
    while widths.len() < RECORDS && cutter.next()? == Cut::Record {
        widths.extend((cutter.len() > 1).then_some(cutter.len()));
    }
    widths.sort_unstable();
    let usual =
        widths.chunk_by(|a, b| a == b).max_by_key(|same| same.len()).map_or(usize::MAX, |same| same[0]);
    let mut cutter = RecordSplitter::new(&start.head[..], delimiter, start.head.len() + 1, limits.columns);
    cutter.expect(usual, None);
    let mut records = Vec::new();
    while records.len() < RECORDS && cutter.next()? == Cut::Record {
        let columns = cutter.len().min(limits.columns);
        let cells: Vec<String> =
            (0..columns).map(|column| text(&charset.decode(&cutter.get(column))).to_owned()).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            records.push(CsvRecord { line: cutter.line(), cells });
        }
    }
    // The last record may continue beyond the beginning.
    if !start.whole && records.len() > 1 && records.len() < RECORDS {
        records.pop();
    }
    Ok(records)
}

/// Removes the notation that protects a cell from Excel: `="0123"`, `'-5`.
pub(super) fn text(cell: &str) -> &str {
    let cell = cell.trim();
    let inner = cell.strip_prefix("=\"").and_then(|cell| cell.strip_suffix('"'));
    let cell = inner.unwrap_or(cell);
    let quoted = cell.strip_prefix('\'').filter(|cell| !cell.is_empty());
    quoted.map_or(cell, |cell| cell.strip_suffix('\'').unwrap_or(cell)).trim()
}

/// Returns the table for this delimiter and its score, or the reason why there is none. A single line without a header
/// counts as a table only if the file's extension is that of a table.
fn find(delimiter: u8, records: &[CsvRecord], named: bool) -> Result<(usize, CsvTable), Option<String>> {
    let mut why = None;
    for (at, record) in records.iter().enumerate().take(PREAMBLE) {
        let header = &record.cells;
        if header.len() < 2 || columns::known(header) == 0 {
            continue;
        }
        let below: Vec<Vec<String>> = records[at + 1..]
            .iter()
            .filter(|row| row.cells.len() * 2 > header.len() && row.cells != *header)
            .take(SAMPLE)
            .map(|row| row.cells.clone())
            .collect();
        let NamedColumns { roles, identity, currency } = columns::assign(header, &below);
        if !columns::suffice(&roles) {
            let dates = roles.contains(&Role::Date);
            if dates && header.len() > 2 {
                let filled: Vec<&str> =
                    header.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
                let among: String = filled.join(", ").chars().take(200).collect();
                why = why.or(Some(format!("no column of amounts was recognised among: {among}")));
            }
            continue;
        }
        let fits = below.iter().filter(|row| is_row(row, &roles)).count();
        if fits == 0 && !below.is_empty() {
            continue;
        }
        let played = roles.iter().filter(|role| **role != Role::Other).count();
        let table = CsvTable {
            delimiter,
            header: Some(record.line),
            first: record.line + 1,
            names: header.clone(),
            roles,
            identity,
            by_content: false,
            currency: currency.filter(|code| contains_word(CURRENCY_CODES, &code.to_ascii_lowercase())),
        };
        return Ok((1000 + played * 10 + fits, table));
    }
    let (score, both_ways, mut table) =
        content::find(records, if named { 1 } else { 2 }).ok_or(why.clone())?;
    // A table that names its columns but has no column of amounts is not a statement, unless money goes in and out of
    // it.
    if why.is_some() && !both_ways {
        return Err(why);
    }
    table.delimiter = delimiter;
    Ok((score, table))
}

fn is_row(row: &[String], roles: &[Role]) -> bool {
    let holds = |wanted: &[Role], is: &dyn Fn(&str) -> bool| {
        roles.iter().zip(row).any(|(role, cell)| wanted.contains(role) && is(cell))
    };
    holds(&[Role::Date], &|cell| date::DateCell::of(cell).is_some())
        && holds(&[Role::Amount, Role::Debit, Role::Credit, Role::Balance], &|cell| {
            Scanned::of(cell).is_some()
        })
}
