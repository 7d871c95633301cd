//! The first sheet: the outcome, in a sentence and in figures.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rust_xlsxwriter::{Format, Worksheet};

use super::book::number_of;
use super::codes::CodeTotals;
use super::style::{Styles, Tone};
use super::text::{cell, counted, grouped};
use super::{Meta, ReportError, ReportSums, ReportTotals};

enum SummaryValue {
    Text(String),
    Count(u64),
    Rate(f64),
}

pub(super) fn sheet(
    meta: &Meta,
    totals: &ReportTotals,
    sums: &ReportSums,
    counts: &CodeTotals,
    styles: &Styles,
) -> Result<Worksheet, ReportError> {
    let mut page = SummarySheet::new(styles)?;
    page.line("Riffle scan report", &styles.title, 30.0)?;
    page.line(&meta.source, styles.tone(Tone::Quiet), 18.0)?;
    let (sentence, tone) = verdict(sums, counts);
    // About 80 characters fit on a line, 17 points high.
    let lines = u32::try_from(sentence.chars().count() / 80 + 1).unwrap_or(1);
    page.line(&sentence, &styles.lead.clone().merge(styles.tone(tone)), 17.0 * f64::from(lines) + 4.0)?;

    let pairs = |given: &[(String, String)]| {
        given
            .iter()
            .map(|(label, value)| (label.clone(), SummaryValue::Text(value.clone())))
            .collect::<Vec<_>>()
    };
    page.section("Result", own(result(sums, counts)))?;
    page.section("Pictures", own(pictures(totals, sums)))?;
    page.section("Time", own(time(meta, totals, sums)))?;
    page.section("Settings", pairs(&meta.settings))?;
    page.section("Receipt", pairs(&totals.receipt))?;
    page.section("Sheets", own(guide(sums)))?;
    Ok(page.sheet)
}

fn own(rows: Vec<(&str, SummaryValue)>) -> Vec<(String, SummaryValue)> {
    rows.into_iter().map(|(label, value)| (label.to_owned(), value)).collect()
}

/// Returns the one sentence that people look for.
fn verdict(sums: &ReportSums, counts: &CodeTotals) -> (String, Tone) {
    let codes = counts.found + counts.absent + counts.unknown;
    let found = format!(
        "{} of {} found, in {} of {}.",
        grouped(counts.found),
        if codes == 1 { "1 code was".to_owned() } else { format!("{} codes were", grouped(codes)) },
        grouped(sums.with_codes),
        counted(sums.files, "file", "files"),
    );
    let unread_files = (sums.coverage.failed > 0).then(|| counted(sums.coverage.failed, "file", "files"));
    let unread_pages = (sums.unread_pages > 0).then(|| counted(sums.unread_pages, "page", "pages"));
    let unread_parts = (sums.unread_parts > 0).then(|| counted(sums.unread_parts, "part", "parts"));
    let unread: Vec<String> = [unread_files, unread_pages, unread_parts].into_iter().flatten().collect();
    if sums.files == 0 {
        return ("There were no files to read.".to_owned(), Tone::Doubtful);
    }
    if unread.is_empty() {
        let absent = match counts.absent {
            0 => String::new(),
            1 => " 1 code is in none of them.".to_owned(),
            many => format!(" {} codes are in none of them.", grouped(many)),
        };
        let (misread, tone) = match counts.unknown {
            0 => (String::new(), Tone::Good),
            1 => (" 1 code is unknown: OCR may have misread it, see sheet Codes.".to_owned(), Tone::Doubtful),
            many => {
                let many = grouped(many);
                (
                    format!(" {many} codes are unknown: OCR may have misread them, see sheet Codes."),
                    Tone::Doubtful,
                )
            }
        };
        return (format!("{found} Every page of every file was read.{absent}{misread}"), tone);
    }
    let unknown = match counts.unknown {
        0 => "All codes were found nevertheless.".to_owned(),
        1 => "1 code is unknown: it may be there.".to_owned(),
        many => format!("{} codes are unknown: they may be there.", grouped(many)),
    };
    (format!("{found} {} could not be read, see sheet Unread. {unknown}", list(&unread)), Tone::Doubtful)
}

/// Joins the parts, as in `1 file, 2 pages and 3 parts`.
fn list(parts: &[String]) -> String {
    match parts {
        [first @ .., second_last, last] => {
            let mut first = first.join(", ");
            if !first.is_empty() {
                first.push_str(", ");
            }
            format!("{first}{second_last} and {last}")
        }
        parts => parts.concat(),
    }
}

fn result(sums: &ReportSums, counts: &CodeTotals) -> Vec<(&'static str, SummaryValue)> {
    let read = sums.files - sums.coverage.failed - sums.coverage.partly;
    vec![
        ("Codes found", SummaryValue::Count(counts.found)),
        ("Codes absent", SummaryValue::Count(counts.absent)),
        ("Codes unknown", SummaryValue::Count(counts.unknown)),
        ("Matches", SummaryValue::Count(sums.matches + sums.unlisted)),
        ("Matches not listed", SummaryValue::Count(sums.unlisted)),
        ("Files", SummaryValue::Count(sums.files)),
        ("Files read", SummaryValue::Count(read)),
        ("Files partly read", SummaryValue::Count(sums.coverage.partly)),
        ("Files failed", SummaryValue::Count(sums.coverage.failed)),
        ("Files containing a code", SummaryValue::Count(sums.with_codes)),
        ("Pages", SummaryValue::Count(sums.pages)),
        ("Pages not readable", SummaryValue::Count(sums.unread_pages)),
        ("Other parts not readable", SummaryValue::Count(sums.unread_parts)),
        ("Megabytes", SummaryValue::Rate(number_of(sums.bytes) / 1e6)),
    ]
}

/// Returns no rows if no pictures were requested.
fn pictures(totals: &ReportTotals, sums: &ReportSums) -> Vec<(&'static str, SummaryValue)> {
    let Some(which) = &totals.pictures else { return Vec::new() };
    vec![
        ("Matches with a picture", SummaryValue::Count(sums.pictures)),
        ("Pictures shown", SummaryValue::Text(which.clone())),
    ]
}

fn time(meta: &Meta, totals: &ReportTotals, sums: &ReportSums) -> Vec<(&'static str, SummaryValue)> {
    let clock = |time: DateTime<Utc>| {
        SummaryValue::Text(
            time.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " ").replace('Z', " UTC"),
        )
    };
    let ended =
        TimeDelta::from_std(totals.duration).ok().and_then(|took| meta.started.checked_add_signed(took));
    let seconds = totals.duration.as_secs_f64();
    let rate = |count: f64| {
        if seconds > 0.0 { SummaryValue::Rate(count / seconds) } else { SummaryValue::Text("–".to_owned()) }
    };
    vec![
        ("Started", clock(meta.started)),
        ("Ended", ended.map_or(SummaryValue::Text("–".to_owned()), clock)),
        ("Duration", SummaryValue::Text(duration(seconds))),
        ("Files per second", rate(number_of(sums.files))),
        ("Pages per second", rate(number_of(sums.pages))),
        ("Megabytes per second", rate(number_of(sums.bytes) / 1e6)),
    ]
}

/// Formats a duration, such as `1 h 2 min 3 s` or `3.2 s`.
fn duration(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number of seconds"
    )]
    let whole = seconds.round() as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours} h {minutes} min {rest} s") } else { format!("{minutes} min {rest} s") }
}

fn guide(sums: &ReportSums) -> Vec<(&'static str, SummaryValue)> {
    let mut rows = vec![
        ("Matches", "every place where a code was found, file by file"),
        ("Codes", "every code that was searched for: found, absent or unknown"),
        ("Files", "every file with its state"),
    ];
    if !sums.coverage.is_whole() {
        rows.push(("Unread", "files and parts of files that could not be read, and why"));
    }
    rows.into_iter().map(|(label, value)| (label, SummaryValue::Text(value.to_owned()))).collect()
}

struct SummarySheet<'s> {
    sheet: Worksheet,
    styles: &'s Styles,
    row: u32,
}

impl<'s> SummarySheet<'s> {
    fn new(styles: &'s Styles) -> Result<Self, ReportError> {
        let mut sheet = Worksheet::new();
        sheet.set_name("Summary")?.set_screen_gridlines(false).set_print_fit_to_pages(1, 0);
        sheet.set_column_width(0, 28)?.set_column_width(1, 76)?;
        Ok(Self { sheet, styles, row: 0 })
    }

    /// Writes a line across both columns.
    fn line(&mut self, text: &str, format: &Format, height: f64) -> Result<(), ReportError> {
        self.sheet.merge_range(self.row, 0, self.row, 1, &cell(text), format)?;
        self.sheet.set_row_height(self.row, height)?;
        self.row += 1;
        Ok(())
    }

    /// Writes a section, or nothing if there are no rows.
    fn section(&mut self, title: &str, rows: Vec<(String, SummaryValue)>) -> Result<(), ReportError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.row += 1;
        self.sheet.write_string_with_format(self.row, 0, title, &self.styles.section)?;
        self.sheet.write_blank(self.row, 1, &self.styles.section)?;
        self.row += 1;
        for (label, value) in rows {
            self.sheet.write_string_with_format(self.row, 0, cell(&label), &self.styles.label)?;
            match value {
                SummaryValue::Text(text) => {
                    self.sheet.write_string_with_format(self.row, 1, cell(&text), &self.styles.value)?;
                }
                SummaryValue::Count(count) => {
                    self.sheet.write_number_with_format(
                        self.row,
                        1,
                        number_of(count),
                        &self.styles.figure,
                    )?;
                }
                SummaryValue::Rate(rate) => {
                    self.sheet.write_number_with_format(self.row, 1, rate, &self.styles.decimal)?;
                }
            }
            self.row += 1;
        }
        Ok(())
    }
}
