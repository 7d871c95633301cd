//! The sheet that answers, for every code that was looked for: found, absent or unknown.

use super::book::{Book, Column, Layout, Table};
use super::cell::Cell;
use super::style::Tone;
use super::{FileRow, ReportError, text};
use crate::matching::CodeList;

/// Files named per code.
const MAX_NAMES: usize = 12;

pub(super) static LAYOUT: Layout = Layout {
    name: "Codes",
    columns: &[
        Column::text("Code", 26),
        Column::text("Result", 12),
        Column::numbers("Files", 9),
        Column::numbers("Matches", 10),
        Column::text("Found in", 96),
    ],
};

/// What is known of each code so far.
pub(super) struct Tally {
    codes: Vec<Sum>,
    /// Names of files that are named somewhere.
    names: Vec<Box<str>>,
    files: u32,
}

#[derive(Clone, Default)]
struct Sum {
    matches: u32,
    files: u32,
    /// The last file counted, from 1.
    last: u32,
    /// Indices of names.
    named: Vec<u32>,
}

/// Codes by result.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) found: u64,
    pub(super) absent: u64,
    pub(super) unknown: u64,
}

impl Tally {
    pub(super) fn new(codes: usize) -> Self {
        Self { codes: vec![Sum::default(); codes], names: Vec::new(), files: 0 }
    }

    pub(super) fn add(&mut self, file: &FileRow<'_>) {
        self.files = self.files.saturating_add(1);
        let mut name = None;
        for found in file.matches {
            let Some(sum) = self.codes.get_mut(found.code as usize) else {
                continue;
            };
            sum.matches = sum.matches.saturating_add(1);
            if sum.last == self.files {
                continue;
            }
            sum.last = self.files;
            sum.files += 1;
            if sum.named.len() < MAX_NAMES {
                let names = &mut self.names;
                let name = *name.get_or_insert_with(|| {
                    names.push(file.name.into());
                    u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
                });
                sum.named.push(name);
            }
        }
    }

    /// Writes a row per code. `whole` says that every page of every file was read, which alone makes absent what
    /// was not found.
    pub(super) fn write(
        &self,
        codes: &CodeList,
        whole: bool,
        table: &mut Table,
        book: &mut Book,
    ) -> Result<Counts, ReportError> {
        let mut counts = Counts::default();
        for (code, sum) in codes.spellings().iter().zip(&self.codes) {
            let (result, names) = if sum.files > 0 {
                counts.found += 1;
                (Cell::Word("Found".into(), Tone::Good), Cell::Wrapped(self.names(sum).into()))
            } else if whole {
                counts.absent += 1;
                (
                    Cell::Word("Absent".into(), Tone::Quiet),
                    Cell::Word("every page of every file was read".into(), Tone::Quiet),
                )
            } else {
                counts.unknown += 1;
                let why = "not found, but could stand in what is listed on sheet Unread";
                (Cell::Word("Unknown".into(), Tone::Doubtful), Cell::Word(why.into(), Tone::Quiet))
            };
            let numbers = [sum.files, sum.matches].map(|number| Cell::Number(u64::from(number)));
            table.row(book, [Cell::text(code), result].into_iter().chain(numbers).chain([names]))?;
        }
        Ok(counts)
    }

    fn names(&self, sum: &Sum) -> String {
        let named = sum.named.iter().filter_map(|name| self.names.get(*name as usize));
        // A cell has room for a dozen names, unless somebody has made them very long.
        let room = text::MAX_CELL / (MAX_NAMES + 1);
        let named: Vec<String> = named.map(|name| name.chars().take(room).collect()).collect();
        let more = (sum.files as usize).saturating_sub(named.len());
        let list = named.join(", ");
        if more == 0 { list } else { format!("{list} … and {} more", text::grouped(more as u64)) }
    }
}
