//! The sheet that says for each requested code whether it is found, absent or unknown.

use std::collections::BTreeMap;

use riffle_extract::Place;

use super::book::{Book, ReportColumn, ReportTable, TableLayout};
use super::cell::ReportCell;
use super::style::Tone;
use super::{FileRow, ReportError, text};
use crate::matching::{CodeList, Misread};
use crate::queries::code_counts::{CodeSums, CodeVerdict, Coverage, Sum};

/// Files named per code.
const MAX_NAMES: usize = 12;

pub(super) static LAYOUT: TableLayout = TableLayout {
    name: "Codes",
    columns: &[
        ReportColumn::text("Code", 26),
        ReportColumn::text("Result", 12),
        ReportColumn::numbers("Files", 9),
        ReportColumn::numbers("Matches", 10),
        ReportColumn::text("Found in", 96),
    ],
};

/// Misreadings named per code.
const MAX_MISREAD: usize = 3;
/// Most characters shown of each name or text.
const MAX_SHOWN: usize = 120;

/// The findings on each code so far.
pub(super) struct CodeTally {
    sums: CodeSums,
    /// By code, indices into `names`.
    named: Vec<Vec<u32>>,
    /// By code, texts that OCR may have misread, and where they are.
    misread: BTreeMap<usize, Vec<String>>,
    /// Names of the files that are listed for at least one code.
    names: Vec<Box<str>>,
}

/// Numbers of codes by result.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct CodeTotals {
    pub(super) found: u64,
    pub(super) absent: u64,
    pub(super) unknown: u64,
}

impl CodeTally {
    pub(super) fn new(codes: usize) -> Self {
        Self {
            sums: CodeSums::new(codes),
            named: vec![Vec::new(); codes],
            misread: BTreeMap::new(),
            names: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, file: &FileRow<'_>) {
        let Self { sums, named, misread, names } = self;
        for doubt in file.misread {
            let places = misread.entry(doubt.code as usize).or_default();
            if places.len() < MAX_MISREAD {
                places.push(place(file, doubt));
            }
        }
        let mut name = None;
        sums.add(file.matches, file.misread, |code| {
            if named[code].len() < MAX_NAMES {
                let name = *name.get_or_insert_with(|| {
                    names.push(file.name.into());
                    u32::try_from(names.len() - 1).unwrap_or(u32::MAX)
                });
                named[code].push(name);
            }
        });
    }

    /// Writes one row per code.
    pub(super) fn write(
        &self,
        codes: &CodeList,
        coverage: Coverage,
        table: &mut ReportTable,
        book: &mut Book,
    ) -> Result<CodeTotals, ReportError> {
        let mut counts = CodeTotals::default();
        let all = codes.spellings().iter().zip(self.sums.iter()).zip(&self.named);
        for (number, ((code, sum), named)) in all.enumerate() {
            let (result, names) = match coverage.verdict(sum) {
                CodeVerdict::Found => {
                    counts.found += 1;
                    (
                        ReportCell::Word("Found".into(), Tone::Good),
                        ReportCell::Wrapped(self.names(sum, named).into()),
                    )
                }
                CodeVerdict::Absent => {
                    counts.absent += 1;
                    (
                        ReportCell::Word("Absent".into(), Tone::Quiet),
                        ReportCell::Word("every page of every file was read".into(), Tone::Quiet),
                    )
                }
                CodeVerdict::Unknown => {
                    counts.unknown += 1;
                    let why = self.doubt(number, sum, coverage);
                    (ReportCell::Word("Unknown".into(), Tone::Doubtful), ReportCell::Note(why.into()))
                }
            };
            let numbers = [sum.files, sum.matches].map(|number| ReportCell::Number(u64::from(number)));
            table.row(book, [ReportCell::text(code), result].into_iter().chain(numbers).chain([names]))?;
        }
        Ok(counts)
    }

    /// Says where a code that was not found may still be.
    fn doubt(&self, code: usize, sum: Sum, coverage: Coverage) -> String {
        let Some(places) = self.misread.get(&code) else {
            return "not found, but may be in the files or parts listed on sheet Unread".to_owned();
        };
        let list = places.join(", ");
        let more = match (sum.misread as usize).saturating_sub(places.len()) {
            0 => String::new(),
            more => format!(" … and in {} more", text::grouped(more as u64)),
        };
        let unread = if coverage.is_whole() {
            ""
        } else {
            "; it may also be in the files or parts listed on sheet Unread"
        };
        format!("not found, but OCR may have misread it: {list}{more}{unread}")
    }

    fn names(&self, sum: Sum, named: &[u32]) -> String {
        let named = named.iter().filter_map(|name| self.names.get(*name as usize));
        // A cell has room for a dozen names, unless they are very long.
        let room = text::MAX_CELL / (MAX_NAMES + 1);
        let named: Vec<String> = named.map(|name| name.chars().take(room).collect()).collect();
        let more = (sum.files as usize).saturating_sub(named.len());
        let list = named.join(", ");
        if more == 0 { list } else { format!("{list} … and {} more", text::grouped(more as u64)) }
    }
}

/// Describes a misreading, such as `“HOLE-l2” in plan.pdf, page 3`.
fn place(file: &FileRow<'_>, misread: &Misread) -> String {
    let cut = |text: &str| text.chars().take(MAX_SHOWN).collect::<String>();
    let (read, name) = (cut(&misread.text), cut(file.name));
    match &misread.place {
        Place::Page(page) => format!("“{read}” in {name}, page {page}"),
        Place::File => format!("“{read}” in {name}"),
        place => format!("“{read}” in {name}, {}", cut(&place.to_string())),
    }
}
