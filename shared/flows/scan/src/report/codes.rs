//! The sheet that answers, for every code that was looked for: found, absent or unknown.

use super::book::{Book, Column, Layout, Table};
use super::cell::Cell;
use super::style::Tone;
use super::{FileRow, ReportError, text};
use crate::matching::CodeList;
use crate::tally::{Coverage, Sum, Sums, Verdict};

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
    sums: Sums,
    /// By code, indices of names.
    named: Vec<Vec<u32>>,
    /// Names of files that are named somewhere.
    names: Vec<Box<str>>,
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
        Self { sums: Sums::new(codes), named: vec![Vec::new(); codes], names: Vec::new() }
    }

    pub(super) fn add(&mut self, file: &FileRow<'_>) {
        let Self { sums, named, names } = self;
        let mut name = None;
        sums.add(file.matches, |code| {
            if named[code].len() < MAX_NAMES {
                let name = *name.get_or_insert_with(|| {
                    names.push(file.name.into());
                    u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
                });
                named[code].push(name);
            }
        });
    }

    /// Writes a row per code.
    pub(super) fn write(
        &self,
        codes: &CodeList,
        coverage: Coverage,
        table: &mut Table,
        book: &mut Book,
    ) -> Result<Counts, ReportError> {
        let mut counts = Counts::default();
        for ((code, sum), named) in codes.spellings().iter().zip(self.sums.iter()).zip(&self.named) {
            let (result, names) = match coverage.verdict(sum) {
                Verdict::Found => {
                    counts.found += 1;
                    (Cell::Word("Found".into(), Tone::Good), Cell::Wrapped(self.names(sum, named).into()))
                }
                Verdict::Absent => {
                    counts.absent += 1;
                    (
                        Cell::Word("Absent".into(), Tone::Quiet),
                        Cell::Word("every page of every file was read".into(), Tone::Quiet),
                    )
                }
                Verdict::Unknown => {
                    counts.unknown += 1;
                    let why = "not found, but could stand in what is listed on sheet Unread";
                    (Cell::Word("Unknown".into(), Tone::Doubtful), Cell::Word(why.into(), Tone::Quiet))
                }
            };
            let numbers = [sum.files, sum.matches].map(|number| Cell::Number(u64::from(number)));
            table.row(book, [Cell::text(code), result].into_iter().chain(numbers).chain([names]))?;
        }
        Ok(counts)
    }

    fn names(&self, sum: Sum, named: &[u32]) -> String {
        let named = named.iter().filter_map(|name| self.names.get(*name as usize));
        // A cell has room for a dozen names, unless somebody has made them very long.
        let room = text::MAX_CELL / (MAX_NAMES + 1);
        let named: Vec<String> = named.map(|name| name.chars().take(room).collect()).collect();
        let more = (sum.files as usize).saturating_sub(named.len());
        let list = named.join(", ");
        if more == 0 { list } else { format!("{list} … and {} more", text::grouped(more as u64)) }
    }
}
