//! Building a report, as a port of this flow: a simulation that checks the content of a report, not its Excel format,
//! replaces it with something faster.

use super::{FileRow, Meta, ReportError, ReportTotals, ReportWriter};
use crate::matching::CodeList;

/// Starts reports.
pub trait Reports: Send + Sync {
    fn start<'c>(&self, meta: Meta, codes: &'c CodeList) -> Result<Box<dyn Report + 'c>, ReportError>;
}

/// A report being built. The same calls give the same bytes.
pub trait Report: Send {
    /// Adds the next file.
    fn file(&mut self, file: &FileRow<'_>) -> Result<(), ReportError>;

    /// Returns the finished report.
    fn finish(self: Box<Self>, totals: &ReportTotals) -> Result<Vec<u8>, ReportError>;
}

/// The Excel report.
#[derive(Debug, Clone, Copy, Default)]
pub struct Workbooks;

impl Reports for Workbooks {
    fn start<'c>(&self, meta: Meta, codes: &'c CodeList) -> Result<Box<dyn Report + 'c>, ReportError> {
        Ok(Box::new(ReportWriter::new(meta, codes)?))
    }
}

impl Report for ReportWriter<'_> {
    fn file(&mut self, file: &FileRow<'_>) -> Result<(), ReportError> {
        Self::file(self, file)
    }

    fn finish(self: Box<Self>, totals: &ReportTotals) -> Result<Vec<u8>, ReportError> {
        Self::finish(*self, totals)
    }
}
