//! The Excel report of a scan: Summary, Matches, Codes, Files and, if something could not be read, Unread.
//!
//! Rows are written as files arrive, in their order, and go to temporary files at once, so that a report of 100,000
//! files and half a million matches needs little memory. The same calls give the same bytes: nothing here reads a
//! clock. Every text is written as a text cell, whatever its first character is.

mod book;
pub(crate) mod build_report;
mod cell;
mod codes;
mod files;
mod port;
pub(crate) mod report_images;
mod style;
mod summary;
#[cfg(test)]
mod tests;
mod text;
mod unread;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use riffle_extract::{FileFormat, Unread};

use crate::matching::{CodeList, Match, Misread};
use crate::queries::code_counts::Coverage;
use book::{Book, ReportTable};
use codes::CodeTally;
pub use port::{Report, Reports, Workbooks};

/// Data known before the first file.
#[derive(Debug, Clone)]
pub struct Meta {
    /// Shown, and used as the document's creation time: it must be stored with the session, not read from a clock.
    pub started: DateTime<Utc>,
    /// The source, described in words for users.
    pub source: String,
    /// Whether the sheet Matches has a column for pictures.
    pub pictures: bool,
    /// Label and value, in the order they are shown.
    pub settings: Vec<(String, String)>,
}

/// A code on its page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodePicture {
    /// A PNG.
    Drawn(Vec<u8>),
    /// The reason why there is no picture, in a few words.
    Missing(String),
}

/// The result of one file. Text may have any content and length; characters that a cell cannot hold are replaced, and
/// long text is cut.
#[derive(Debug, Clone, Copy)]
pub struct FileRow<'a> {
    pub name: &'a str,
    /// Empty if there is none.
    pub folder: &'a str,
    /// The reason nothing of the file was read; `None` for a file that was read.
    pub failure: Option<&'a str>,
    pub kind: Option<FileFormat>,
    pub bytes: u64,
    pub pages: u32,
    /// Parts that could not be read.
    pub unread: &'a [Unread],
    /// Number of such parts beyond those listed.
    pub unread_more: u32,
    /// Number of different codes in the file.
    pub codes: u32,
    /// An `https://` or `http://` address, or `file://` and an absolute path, unescaped. Anything else is shown but not
    /// linked. The page is added to web links as `#page=3`. The first 65,000 of a report become links.
    pub link: &'a str,
    pub matches: &'a [Match],
    /// By position in `matches`.
    pub pictures: &'a BTreeMap<usize, CodePicture>,
    /// Number of places beyond `matches`.
    pub unlisted: u32,
    /// Codes that OCR may have misread.
    pub misread: &'a [Misread],
}

/// Data known after the last file.
#[derive(Debug, Clone)]
pub struct ReportTotals {
    /// As frozen for the session.
    pub duration: Duration,
    /// Which matches have pictures, if pictures were requested.
    pub pictures: Option<String>,
    /// Label and value, in the order they are shown.
    pub receipt: Vec<(String, String)>,
}

/// The reason there is no report.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be written: {0}")]
pub struct ReportError(#[from] rust_xlsxwriter::XlsxError);

/// A writer that adds one file after another to a report.
pub struct ReportWriter<'c> {
    meta: Meta,
    codes: &'c CodeList,
    book: Book,
    matches: ReportTable,
    files: ReportTable,
    unread: ReportTable,
    tally: CodeTally,
    sums: ReportSums,
}

/// Counts over all files.
#[derive(Debug, Default, Clone)]
struct ReportSums {
    files: u64,
    coverage: Coverage,
    with_codes: u64,
    pages: u64,
    unread_pages: u64,
    /// Unread parts that are not pages: sheets, files in archives, ends of files.
    unread_parts: u64,
    bytes: u64,
    matches: u64,
    unlisted: u64,
    pictures: u64,
}

impl<'c> ReportWriter<'c> {
    /// Starts a report. Needs a writable folder for temporary files (the system's own).
    pub fn new(meta: Meta, codes: &'c CodeList) -> Result<Self, ReportError> {
        Self::with_book(meta, codes, Book::default())
    }

    fn with_book(meta: Meta, codes: &'c CodeList, mut book: Book) -> Result<Self, ReportError> {
        let mut table = |layout| ReportTable::new(layout, &mut book);
        Ok(Self {
            matches: table(if meta.pictures { &files::PICTURED_MATCHES } else { &files::MATCHES })?,
            files: table(&files::FILES)?,
            unread: table(&files::UNREAD)?,
            tally: CodeTally::new(codes.len()),
            sums: ReportSums::default(),
            meta,
            codes,
            book,
        })
    }

    /// Adds the next file.
    pub fn file(&mut self, file: &FileRow<'_>) -> Result<(), ReportError> {
        self.sums.add(file);
        self.tally.add(file);
        files::write(self, file)
    }

    /// Returns the finished workbook.
    pub fn finish(mut self, totals: &ReportTotals) -> Result<Vec<u8>, ReportError> {
        let coverage = self.sums.coverage;
        let mut table = ReportTable::new(&codes::LAYOUT, &mut self.book)?;
        let counts = self.tally.write(self.codes, coverage, &mut table, &mut self.book)?;
        let summary = summary::sheet(&self.meta, totals, &self.sums, &counts, &self.book.styles)?;

        self.book.push(summary);
        for table in [self.matches, table, self.files] {
            self.book.push_table(table)?;
        }
        if !coverage.is_whole() {
            self.book.push_table(self.unread)?;
        }
        self.book.save(&self.meta)
    }
}

impl ReportSums {
    fn add(&mut self, file: &FileRow<'_>) {
        self.files += 1;
        self.coverage.add(file.failure.is_some(), !file.unread.is_empty());
        self.with_codes += u64::from(!file.matches.is_empty());
        self.pages += u64::from(file.pages);
        let pages = file.unread.iter().filter(|part| unread::page(&part.place).is_some()).count() as u64;
        // Parts that are not listed are most likely more of the same.
        let more = u64::from(file.unread_more);
        let (more_pages, more_parts) = if pages > 0 { (more, 0) } else { (0, more) };
        self.unread_pages += pages + more_pages;
        self.unread_parts += file.unread.len() as u64 - pages + more_parts;
        self.bytes = self.bytes.saturating_add(file.bytes);
        self.matches += file.matches.len() as u64;
        self.unlisted += u64::from(file.unlisted);
        let drawn = file.pictures.values().filter(|picture| matches!(picture, CodePicture::Drawn(_)));
        self.pictures += drawn.count() as u64;
    }
}

impl std::fmt::Debug for ReportWriter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReportWriter").field("sums", &self.sums).finish_non_exhaustive()
    }
}
