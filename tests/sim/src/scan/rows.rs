//! A report that contains only the facts that the checkers need and takes no time to create.

use riffle_scan::matching::CodeList;
use riffle_scan::report::{FileRow, Meta, Report, ReportError, ReportTotals, Reports};

/// Reports of the form `rows FILES MATCHES`, then each file.
#[derive(Debug, Clone, Copy)]
pub struct RowsReports;

#[derive(Default)]
struct RowsReport {
    files: usize,
    matches: usize,
    text: String,
}

impl Reports for RowsReports {
    fn start<'c>(&self, meta: Meta, _codes: &'c CodeList) -> Result<Box<dyn Report + 'c>, ReportError> {
        Ok(Box::new(RowsReport { text: format!("{meta:?}\n"), ..RowsReport::default() }))
    }
}

impl Report for RowsReport {
    fn file(&mut self, file: &FileRow<'_>) -> Result<(), ReportError> {
        self.files += 1;
        self.matches += file.matches.len();
        self.text += &format!("{file:?}\n");
        Ok(())
    }

    fn finish(self: Box<Self>, totals: &ReportTotals) -> Result<Vec<u8>, ReportError> {
        Ok(format!("rows {} {}\n{}{totals:?}", self.files, self.matches, self.text).into_bytes())
    }
}

/// Returns the numbers of files and matches in such a report; `None` for another kind of report.
pub fn counts(report: &[u8]) -> Option<(usize, usize)> {
    let text = std::str::from_utf8(report).ok()?.strip_prefix("rows ")?;
    let (files, matches) = text.lines().next()?.split_once(' ')?;
    Some((files.parse().ok()?, matches.parse().ok()?))
}
