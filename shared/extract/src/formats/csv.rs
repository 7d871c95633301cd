//! Delimited text: one unit per field that is not empty.
//!
//! A parser of our own, because it must accept any input: rows of different lengths, quotes in the middle of fields,
//! quotes that never close, a whole file on one line. Fields are borrowed from the text; only quoted fields with
//! doubled quotes are copied.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::FormatParser;
use crate::ExtractError;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;

pub(crate) static CSV: FormatParser = FormatParser {
    is: |file| delimiter(file).is_some(),
    read: |file, out| match delimiter(file) {
        Some(delimiter) => read(file.text().unwrap_or_default(), delimiter, out),
        None => Ok(()),
    },
};

/// Delimiters in order of preference if they fit equally well.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Bytes and lines of a file that determine its delimiter.
const SAMPLE: usize = 64 * 1024;
const SAMPLE_LINES: usize = 64;
/// Bytes of a quoted field; in a longer one the quote was not meant to open a field.
const QUOTED_MAX: usize = 256 * 1024;

/// Returns the delimiter of a table. A file whose name says that it is prose is not one.
fn delimiter(file: &SniffedFile<'_>) -> Option<u8> {
    if file.is_named(&[".txt", ".md", ".log", ".tex", ".rst"]) {
        return None;
    }
    dialect(file.text()?, file.is_named(&[".csv", ".tsv", ".tab", ".psv"]))
}

fn read(text: &str, delimiter: u8, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    out.sheet("");
    let mut cutter = CellSplitter::new(text, delimiter);
    let (mut at, mut row, mut column) = (0, 0_u64, 0_u32);
    while at < text.len() {
        let (field, next, ends_row) = cutter.field(at);
        if !field.is_empty() {
            out.cell(row, column, &field)?;
        }
        at = next;
        if ends_row {
            row += 1;
            column = 0;
        } else {
            column = column.saturating_add(1);
        }
    }
    Ok(())
}

struct CellSplitter<'a> {
    text: &'a str,
    delimiter: u8,
    /// No quote before this offset closes a field: a file full of stray quotes is not searched again from each of them.
    no_close_before: usize,
}

impl<'a> CellSplitter<'a> {
    fn new(text: &'a str, delimiter: u8) -> Self {
        Self { text, delimiter, no_close_before: 0 }
    }

    /// Returns the field at `at`, the offset of the next one, and whether a row ended between them.
    fn field(&mut self, at: usize) -> (Cow<'a, str>, usize, bool) {
        let bytes = self.text.as_bytes();
        if bytes[at] == b'"'
            && let Some((value, after)) = self.quoted(at)
        {
            let (next, ends_row) = step_over(bytes, after, self.delimiter);
            return (value, next, ends_row);
        }
        let length = memchr3(self.delimiter, b'\n', b'\r', &bytes[at..]).unwrap_or(bytes.len() - at);
        let end = at + length;
        let (next, ends_row) = step_over(bytes, end, self.delimiter);
        (Cow::Borrowed(&self.text[at..end]), next, ends_row)
    }

    /// Returns the value of a quoted field and its end. `None` if no closing quote is directly before a delimiter, a
    /// line end or the end of the text within [`QUOTED_MAX`] bytes: then the opening quote is an ordinary character.
    fn quoted(&mut self, at: usize) -> Option<(Cow<'a, str>, usize)> {
        let bytes = self.text.as_bytes();
        let limit = bytes.len().min(at + 1 + QUOTED_MAX);
        let mut scan = (at + 1).max(self.no_close_before);
        let mut doubled = scan > at + 1;
        while let Some(found) = bytes.get(scan..limit).and_then(|window| memchr(b'"', window)) {
            let quote = scan + found;
            match bytes.get(quote + 1) {
                Some(b'"') => {
                    doubled = true;
                    scan = quote + 2;
                }
                // Inch marks, for example: lenient writers do not double them.
                Some(next) if *next != self.delimiter && !matches!(next, b'\n' | b'\r') => scan = quote + 1,
                Some(_) | None => return Some((value(self.text, at, quote, doubled), quote + 1)),
            }
        }
        self.no_close_before = self.no_close_before.max(limit);
        None
    }
}

fn value(text: &str, open: usize, close: usize, doubled: bool) -> Cow<'_, str> {
    let inner = &text[open + 1..close];
    if doubled { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) }
}

fn step_over(bytes: &[u8], end: usize, delimiter: u8) -> (usize, bool) {
    match bytes.get(end) {
        Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => (end + 2, true),
        Some(b'\r' | b'\n') | None => (end + 1, true),
        Some(b) => (end + 1, *b != delimiter),
    }
}

/// Returns the delimiter, if the text is a table: the same number of fields in nearly all of its first rows.
fn dialect(text: &str, named_as_table: bool) -> Option<u8> {
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = &text[..end];
    let cut = end < text.len();
    let mut best: Option<(u8, usize)> = None;
    for delimiter in DELIMITERS {
        let mut counts = rows(sample, delimiter);
        // The last row of a sample may be cut.
        if cut && counts.len() > 1 {
            counts.pop();
        }
        let Some(score) = agreement(&counts, named_as_table) else {
            continue;
        };
        if best.is_none_or(|(_, known)| score > known) {
            best = Some((delimiter, score));
        }
    }
    best.map(|(delimiter, _)| delimiter)
}

/// Returns the number of fields of each row that is not empty.
fn rows(sample: &str, delimiter: u8) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut cutter = CellSplitter::new(sample, delimiter);
    let (mut at, mut fields, mut filled) = (0, 0, false);
    while at < sample.len() && counts.len() < SAMPLE_LINES {
        let (value, next, ends_row) = cutter.field(at);
        fields += 1;
        filled |= !value.trim_ascii().is_empty();
        at = next;
        if ends_row {
            if filled {
                counts.push(fields);
            }
            (fields, filled) = (0, false);
        }
    }
    if filled {
        counts.push(fields);
    }
    counts
}

/// Returns a score for how well the rows agree, or `None` if they do not look like a table.
fn agreement(counts: &[usize], named_as_table: bool) -> Option<usize> {
    let mut sorted = counts.to_vec();
    sorted.sort_unstable();
    let usual = *sorted.get(sorted.len() / 2)?;
    let same = counts.iter().filter(|c| **c == usual).count();
    let tabular = counts.iter().filter(|c| **c > 1).count();
    if named_as_table {
        // The name says that it is a table; the rows only decide which delimiter.
        return (tabular > 0).then_some(same * 4 + usual.min(64) + tabular);
    }
    // Prose has commas too, but never the same number in line after line.
    (usual >= 2 && counts.len() >= 2 && same * 10 >= counts.len() * 9).then_some(same * 4 + usual.min(64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Collected, collect};

    fn cells(name: &str, text: &str) -> Vec<(String, String)> {
        let Collected { units, .. } = collect(name, text.as_bytes()).expect("readable");
        units
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn fields_keep_their_place() {
        assert_eq!(
            cells("a.csv", "id,name\n1,\"a, \"\"b\"\"\nc\"\n,HOLE-1\r\n"),
            pairs(&[("!A1", "id"), ("!B1", "name"), ("!A2", "1"), ("!B2", "a, \"b\"\nc"), ("!B3", "HOLE-1")])
        );
    }

    #[test]
    fn the_dialect_is_found_by_content() {
        assert_eq!(dialect("a;b;c\n1,5;2;3\n2,5;3;4\n", false), Some(b';'));
        assert_eq!(dialect("a\tb\n1\t2\n", false), Some(b'\t'));
        assert_eq!(dialect("a|b|c\n1|2|3\n", false), Some(b'|'));
        assert_eq!(dialect("Dear all,\nthis is, as you know, prose.\nNo table here\n", false), None);
        assert_eq!(dialect("one line, no table", false), None);
        assert_eq!(dialect("one,line", true), Some(b','));
        assert_eq!(dialect("just words", true), None);
    }

    #[test]
    fn quotes_that_mean_nothing_stay() {
        assert_eq!(
            cells("a.csv", "size,code\n3\" pipe,X-1\n\"open,X-2\n5,X-3\n"),
            pairs(&[
                ("!A1", "size"),
                ("!B1", "code"),
                ("!A2", "3\" pipe"),
                ("!B2", "X-1"),
                ("!A3", "\"open"),
                ("!B3", "X-2"),
                ("!A4", "5"),
                ("!B4", "X-3"),
            ])
        );
    }

    #[test]
    fn a_line_without_end_is_read_too() {
        let wide = "x,".repeat(100_000) + "HOLE-9";
        let got = cells("wide.csv", &wide);
        assert_eq!(got.len(), 100_001);
        assert_eq!(got.last().map(|c| c.1.as_str()), Some("HOLE-9"));
    }
}
