//! The results of files that were put into the inbox, for people and programs.

mod wait;

use riffle_contracts::http_statements::{FileAccount, FileWarning, StatementFile, StatementPhase};
use serde::Serialize;
use serde_json::json;

use crate::error::CommandError;
use crate::words;

pub use wait::{Awaited, Pipeline, end};

/// The columns of the table.
pub const COLUMNS: [&str; 11] = [
    "File",
    "State",
    "Account",
    "Currency",
    "Opening",
    "Closing",
    "Balanced",
    "Rows",
    "New",
    "Duplicates",
    "Warnings",
];
/// The maximum number of remarks per file shown to people; programs get all of them.
const REMARKS: usize = 10;

/// A file and its result.
#[derive(Debug)]
pub struct FileOutcome {
    /// The file's name as the user gave it.
    pub file: String,
    pub end: FileEnd,
}

#[derive(Debug)]
pub enum FileEnd {
    Recorded(Box<StatementFile>),
    /// The file was not processed, for this reason.
    Unread(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileVerdict {
    Processed,
    /// Processed, but a person should review it.
    Review,
    /// Not a statement, failed, or unreadable.
    Not,
}

/// The last line about a file for programs.
#[derive(Default, Serialize)]
struct OutcomeSummary<'a> {
    r#type: &'static str,
    file: &'a str,
    id: Option<&'a str>,
    state: serde_json::Value,
    format: Option<&'a str>,
    /// If the file has exactly one account, this field and the next four describe it; `accounts` has all.
    account: Option<&'a str>,
    currency: Option<&'a str>,
    opening: Option<&'a str>,
    closing: Option<&'a str>,
    balanced: Option<bool>,
    rows: u64,
    new: u64,
    duplicates: u64,
    warnings: &'a [FileWarning],
    more_warnings: u64,
    accounts: &'a [FileAccount],
    review: &'a [String],
    reason: Option<&'a str>,
}

impl FileOutcome {
    pub fn verdict(&self) -> FileVerdict {
        match &self.end {
            FileEnd::Recorded(item) if item.detail == StatementPhase::Processed => FileVerdict::Processed,
            FileEnd::Recorded(item) if item.detail == StatementPhase::Review => FileVerdict::Review,
            FileEnd::Recorded(_) | FileEnd::Unread(_) => FileVerdict::Not,
        }
    }

    /// Returns a row for each account, or one row if there is no account.
    pub fn rows(&self) -> Vec<[String; COLUMNS.len()]> {
        let file = words::line(&self.file);
        let item = match &self.end {
            FileEnd::Recorded(item) => item,
            FileEnd::Unread(_) => {
                let mut row = [const { String::new() }; COLUMNS.len()];
                [row[0], row[1]] = [file, "unread".to_owned()];
                return vec![row];
            }
        };
        let state = words::named(&item.detail);
        let warnings = item.warnings.len() as u64 + item.more_warnings;
        let [new, known, warnings] = [item.new, item.duplicates, warnings].map(|number| number.to_string());
        let row = |account: Option<&FileAccount>, rows: u64| {
            let text = |of: fn(&FileAccount) -> Option<&String>| {
                account.and_then(of).map(|text| words::line(text)).unwrap_or_default()
            };
            let balanced = match account.and_then(|account| account.balanced) {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            [
                file.clone(),
                state.clone(),
                text(|account| Some(&account.account)),
                text(|account| account.currency.as_ref()),
                text(|account| account.opening.as_ref()),
                text(|account| account.closing.as_ref()),
                balanced.to_owned(),
                rows.to_string(),
                new.clone(),
                known.clone(),
                warnings.clone(),
            ]
        };
        if item.accounts.is_empty() {
            return vec![row(None, item.rows)];
        }
        // With several accounts, only the first row has the file's own counts.
        let mut rows: Vec<_> = item.accounts.iter().map(|account| row(Some(account), account.rows)).collect();
        for later in rows.iter_mut().skip(1) {
            for cell in &mut later[8..] {
                cell.clear();
            }
        }
        rows
    }

    /// Returns what a person should know in addition to the numbers.
    pub fn remarks(&self) -> Vec<String> {
        let item = match &self.end {
            FileEnd::Recorded(item) => item,
            FileEnd::Unread(why) => return vec![why.clone()],
        };
        let mut remarks: Vec<String> = item.reason.iter().chain(&item.review).cloned().collect();
        let shown = item.warnings.iter().take(REMARKS);
        remarks.extend(shown.map(|warning| format!("{}: {}", warning.place, warning.what)));
        let more = (item.warnings.len().saturating_sub(REMARKS)) as u64 + item.more_warnings;
        if more > 0 {
            remarks.push(format!("{} more; --json shows them", words::count(more, "warning")));
        }
        remarks.iter().map(|remark| words::line(remark)).collect()
    }

    pub fn summary(&self) -> Result<String, CommandError> {
        let none = OutcomeSummary {
            r#type: "SUMMARY",
            file: &self.file,
            state: json!("unread"),
            ..OutcomeSummary::default()
        };
        let summary = match &self.end {
            FileEnd::Unread(why) => OutcomeSummary { reason: Some(why), ..none },
            FileEnd::Recorded(item) => {
                let only = if let [only] = &item.accounts[..] { Some(only) } else { None };
                OutcomeSummary {
                    id: Some(&item.id),
                    state: json!(item.detail),
                    format: item.format.as_deref(),
                    account: only.map(|account| &*account.account),
                    currency: only.and_then(|account| account.currency.as_deref()),
                    opening: only.and_then(|account| account.opening.as_deref()),
                    closing: only.and_then(|account| account.closing.as_deref()),
                    balanced: only.and_then(|account| account.balanced),
                    rows: item.rows,
                    new: item.new,
                    duplicates: item.duplicates,
                    warnings: &item.warnings,
                    more_warnings: item.more_warnings,
                    accounts: &item.accounts,
                    review: &item.review,
                    reason: item.reason.as_deref(),
                    ..none
                }
            }
        };
        serde_json::to_string(&summary).map_err(|error| CommandError::new(error.to_string()))
    }
}

/// Formats the rows in columns, for a terminal.
pub fn table(rows: &[[String; COLUMNS.len()]]) -> String {
    let header = COLUMNS.map(str::to_owned);
    let all = || std::iter::once(&header).chain(rows);
    let widths: [usize; COLUMNS.len()] =
        std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let mut table = String::new();
    for row in all() {
        let cells = row.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // Align amounts and counts on the right.
            if matches!(column, 4 | 5 | 7..) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        table += cells.collect::<Vec<_>>().join("  ").trim_end();
        table.push('\n');
    }
    table
}
