//! Splits delimited text into records, with memory for one record.
//!
//! A CSV library is not used, because the splitter must accept every input: rows of different lengths, quotes in the
//! middle of fields, quotes that never close, a whole file on one line. Fields are ranges of the buffer; only quoted
//! fields with doubled quotes are copied, and only on access.

use std::borrow::Cow;
use std::io::{self, Read};

use memchr::{memchr, memchr_iter, memchr3};

use crate::date;

/// If a quoted field would be longer than this, its quote was not meant to open a field.
const QUOTED_MAX: usize = 64 * 1024;
/// Buffer space in addition to the longest record, so that most records are split without moving bytes.
const SPARE: usize = 256 * 1024;

/// The result of reading the next record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Record,
    /// A record that exceeds the limit, which was skipped.
    TooLong,
    End,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    from: usize,
    to: usize,
    doubled: bool,
}

pub(super) struct RecordSplitter<R> {
    source: R,
    delimiter: u8,
    columns: usize,
    buffer: Vec<u8>,
    /// Start of the bytes that are not split yet.
    at: usize,
    end: usize,
    ended: bool,
    fields: Vec<Field>,
    /// Number of fields of the record, including those beyond the limit of columns.
    count: usize,
    record: (usize, usize),
    line: u64,
    next_line: u64,
    /// No quote from the last examined opening quote up to this position closes a field. This avoids searching again
    /// from every quote in a text full of stray quotes.
    no_close_before: usize,
    /// Position of the line break before the last record found inside a quoted field. A quoted field that opens before
    /// this position also contains that record.
    swallowed: usize,
    /// Number of delimiters of a usual record, once it is known.
    usual: usize,
    date: Option<usize>,
    /// Number of bytes that were searched for the meaning of quotes.
    #[cfg(test)]
    searched: usize,
}

impl<R: Read> RecordSplitter<R> {
    pub fn new(source: R, delimiter: u8, longest: usize, columns: usize) -> Self {
        Self {
            source,
            delimiter,
            columns,
            buffer: vec![0; longest.saturating_add(SPARE)],
            at: 0,
            end: 0,
            ended: false,
            fields: Vec::new(),
            count: 0,
            record: (0, 0),
            line: 0,
            next_line: 1,
            no_close_before: 0,
            swallowed: 0,
            usual: usize::MAX,
            date: None,
            #[cfg(test)]
            searched: 0,
        }
    }

    /// Sets the shape of a record: its number of columns, and the column that contains a date, if known. From now on a
    /// quoted field that contains whole records counts as a quote that was never closed.
    pub fn expect(&mut self, columns: usize, date: Option<usize>) {
        self.usual = columns.saturating_sub(1).max(1);
        self.date = date;
    }

    /// Returns the line in which the record begins, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Returns the number of fields of the record.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns the raw bytes of the record.
    pub fn raw(&self) -> &[u8] {
        &self.buffer[self.record.0..self.record.1]
    }

    /// Returns a field without its quotes and surrounding blanks; empty if the record has fewer fields.
    pub fn get(&self, index: usize) -> Cow<'_, [u8]> {
        let Some(field) = self.fields.get(index) else { return Cow::Borrowed(b"") };
        let bytes = self.buffer[field.from..field.to].trim_ascii();
        if !field.doubled {
            return Cow::Borrowed(bytes);
        }
        let mut single = Vec::with_capacity(bytes.len());
        let mut before = false;
        for byte in bytes {
            if *byte == b'"' && before {
                before = false;
                continue;
            }
            before = *byte == b'"';
            single.push(*byte);
        }
        Cow::Owned(single)
    }

    pub fn next(&mut self) -> io::Result<Cut> {
        loop {
            if self.at == self.end && self.ended {
                return Ok(Cut::End);
            }
            let Err(last) = self.cut() else { return Ok(Cut::Record) };
            if self.at == 0 && self.end == self.buffer.len() {
                return self.pass_over(last).map(|()| Cut::TooLong);
            }
            self.fill()?;
        }
    }

    /// Splits the next record from the buffer. If the record does not end in the buffer, returns the position of its
    /// last field.
    fn cut(&mut self) -> Result<(), usize> {
        self.fields.clear();
        self.count = 0;
        let from = self.at;
        let mut at = from;
        let mut breaks = false;
        loop {
            let Some((field, next)) = self.field(at, &mut breaks) else { return Err(at) };
            if self.fields.len() < self.columns {
                self.fields.push(field);
            }
            self.count += 1;
            let after = self.buffer[..self.end].get(next).copied();
            match after {
                Some(byte) if byte == self.delimiter => at = next + 1,
                Some(b'\r') if next + 1 == self.end && !self.ended => return Err(at),
                _ => {
                    let crlf = after == Some(b'\r') && self.buffer[..self.end].get(next + 1) == Some(&b'\n');
                    self.record = (from, next);
                    self.at = (next + 1 + usize::from(crlf)).min(self.end);
                    break;
                }
            }
        }
        self.line = self.next_line;
        self.next_line += 1;
        if breaks {
            self.next_line += memchr_iter(b'\n', &self.buffer[from..self.record.1]).count() as u64;
        }
        Ok(())
    }

    /// Returns the field that begins at `at`, and the position of the delimiter or line end after it. `None` if the
    /// buffer ends first.
    fn field(&mut self, at: usize, breaks: &mut bool) -> Option<(Field, usize)> {
        let blanks = self.buffer[at..self.end].iter().take_while(|byte| **byte == b' ').count();
        if self.buffer[..self.end].get(at + blanks) == Some(&b'"') {
            match self.quoted(at + blanks) {
                Quoted::Field(field, next) => {
                    *breaks |= memchr(b'\n', &self.buffer[field.from..field.to]).is_some();
                    return Some((field, next));
                }
                Quoted::Cut => return None,
                Quoted::Stray => {}
            }
        }
        let found = memchr3(self.delimiter, b'\n', b'\r', &self.buffer[at..self.end]);
        if found.is_none() && !self.ended {
            return None;
        }
        let next = found.map_or(self.end, |found| at + found);
        Some((Field { from: at, to: next, doubled: false }, next))
    }

    /// Returns the field whose quote opens at `open`.
    fn quoted(&mut self, open: usize) -> Quoted {
        let limit = self.end.min(open + 1 + QUOTED_MAX);
        let (mut at, mut doubled) = (open + 1, false);
        while let Some(found) = self.buffer.get(at..limit).and_then(|window| memchr(b'"', window)) {
            let quote = at + found;
            #[cfg(test)]
            {
                self.searched += found + 1;
            }
            // Quotes that touch the opening quote form pairs differently than for earlier opening quotes, so the
            // shortcut does not apply.
            if found > 0 && quote < self.no_close_before {
                (at, doubled) = (self.no_close_before, true);
                continue;
            }
            let after = &self.buffer[quote + 1..self.end];
            if after.first() == Some(&b'"') {
                doubled = true;
                at = quote + 2;
                continue;
            }
            let blanks = after.iter().take(8).take_while(|byte| **byte == b' ').count();
            match after.get(blanks).copied() {
                None if !self.ended => return Quoted::Cut,
                // A quote within the field, such as an inch mark, which some writers do not double.
                Some(next) if next != self.delimiter && !matches!(next, b'\n' | b'\r') => at = quote + 1,
                _ if self.swallows(open + 1, quote) => {
                    self.no_close_before = quote;
                    return Quoted::Stray;
                }
                _ => return Quoted::Field(Field { from: open + 1, to: quote, doubled }, quote + 1 + blanks),
            }
        }
        if limit == self.end && !self.ended {
            return Quoted::Cut;
        }
        self.no_close_before = at.max(limit);
        Quoted::Stray
    }

    /// Returns whether a line within a quoted field is a complete record: then the quote was not meant to open a field.
    fn swallows(&mut self, from: usize, to: usize) -> bool {
        if (from..to).contains(&self.swallowed) {
            return true;
        }
        let found = memchr_iter(b'\n', &self.buffer[from..to]).map(|at| from + at).find(|at| {
            let rest = &self.buffer[at + 1..to];
            self.is_record(&rest[..memchr(b'\n', rest).unwrap_or(rest.len())])
        });
        #[cfg(test)]
        {
            self.searched += found.unwrap_or(to) - from;
        }
        self.swallowed = found.unwrap_or_default();
        found.is_some()
    }

    fn is_record(&self, line: &[u8]) -> bool {
        let whole = memchr_iter(self.delimiter, line).nth(self.usual.saturating_sub(1)).is_some();
        let cell = |column: usize| line.split(|byte| *byte == self.delimiter).nth(column);
        let is_date = |cell: &[u8]| {
            let text = std::str::from_utf8(cell).unwrap_or_default();
            date::DateCell::of(text.trim().trim_matches('"')).is_some()
        };
        whole && self.date.is_none_or(|column| cell(column).is_some_and(is_date))
    }

    /// Moves the remaining bytes to the start of the buffer and fills it completely, so that a record is rarely split
    /// again from its beginning.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.at..self.end, 0);
        // The record is split again from its beginning, so quotes before the remembered positions are examined again.
        (self.no_close_before, self.swallowed) = (0, 0);
        self.end -= self.at;
        self.at = 0;
        while self.end < self.buffer.len() {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Skips a record up to its last field, and the rest of the line in which that field begins. Restarting at the
    /// record's second line would split the whole record once per line.
    fn pass_over(&mut self, last: usize) -> io::Result<()> {
        self.fields.clear();
        self.count = 0;
        self.line = self.next_line;
        self.next_line += 1 + memchr_iter(b'\n', &self.buffer[..last]).count() as u64;
        self.record = (0, 0);
        self.at = last;
        loop {
            let found = memchr::memchr2(b'\n', b'\r', &self.buffer[self.at..self.end]);
            if let Some(found) = found {
                self.at += found + 1;
                if self.buffer[self.at - 1..self.end].starts_with(b"\r\n") {
                    self.at += 1;
                }
                return Ok(());
            }
            self.at = self.end;
            if self.ended {
                return Ok(());
            }
            self.fill()?;
        }
    }
}

enum Quoted {
    Field(Field, usize),
    /// The buffer ends before the result is known.
    Cut,
    /// The quote is an ordinary character, because no quote closes it.
    Stray,
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn cut(text: &str, longest: usize) -> Vec<(u64, Vec<String>)> {
        let mut cutter = RecordSplitter::new(text.as_bytes(), b',', longest, 1000);
        let mut records = Vec::new();
        loop {
            let record = match cutter.next().expect("readable") {
                Cut::End => return records,
                Cut::TooLong => vec!["TOO LONG".to_owned()],
                Cut::Record => {
                    let text = |index| String::from_utf8_lossy(&cutter.get(index)).into_owned();
                    (0..cutter.len()).map(text).collect()
                }
            };
            records.push((cutter.line(), record));
        }
    }

    fn rows(expected: &[(u64, &[&str])]) -> Vec<(u64, Vec<String>)> {
        expected
            .iter()
            .map(|(line, row)| (*line, row.iter().map(|cell| (*cell).to_owned()).collect()))
            .collect()
    }

    #[test]
    fn records_keep_their_line() {
        assert_eq!(
            cut("id,name\n1,\"a, \"\"b\"\"\nc\"\n,X-1\r\n\r\nlast", 1000),
            rows(&[
                (1, &["id", "name"]),
                (2, &["1", "a, \"b\"\nc"]),
                (4, &["", "X-1"]),
                (5, &[""]),
                (6, &["last"])
            ])
        );
        assert_eq!(cut("a,b\r1,2\r", 1000), rows(&[(1, &["a", "b"]), (2, &["1", "2"])]));
        assert_eq!(cut("a, \"b, c\" ,d", 1000), rows(&[(1, &["a", "b, c", "d"])]));
    }

    #[test]
    fn quotes_that_mean_nothing_stay() {
        assert_eq!(
            cut("3\" pipe,X-1\n\"open,X-2\n5,X-3\n", 1000),
            rows(&[(1, &["3\" pipe", "X-1"]), (2, &["\"open", "X-2"]), (3, &["5", "X-3"])])
        );
    }

    #[test]
    fn a_quote_that_was_never_closed_takes_no_records_with_it() {
        let mut cutter = RecordSplitter::new(&b"1,\"open,2\n3,4,5\n6,\"x\",7\n"[..], b',', 1000, 1000);
        cutter.expect(3, None);
        let mut lengths = Vec::new();
        while cutter.next().expect("readable") == Cut::Record {
            lengths.push(cutter.len());
        }
        assert_eq!(lengths, [3, 3, 3]);
    }

    #[test]
    fn a_line_without_end_is_passed_over() {
        let text = format!("a,b\n{}\nc,d\n", "x".repeat(SPARE + 2000));
        assert_eq!(cut(&text, 1000), rows(&[(1, &["a", "b"]), (2, &["TOO LONG"]), (3, &["c", "d"])]));
        let quotes = format!("a,b\n{}\nc,d\n", ",\"x".repeat(SPARE));
        assert_eq!(cut(&quotes, 1000)[2], (3, vec!["c".to_owned(), "d".to_owned()]));
        let lines = format!("a,b\n{}\"e\nf\"\nc,d\n", "\"x\ny\",".repeat(SPARE));
        let records = cut(&lines, 1000);
        let long = records.iter().filter(|(_, record)| *record == ["TOO LONG"]).count();
        assert!((2..=lines.len() / (SPARE - QUOTED_MAX)).contains(&long), "{long}");
        let last = lines.lines().count() as u64;
        assert_eq!(records.last(), Some(&(last, vec!["c".to_owned(), "d".to_owned()])));
    }

    /// Splits by the rule alone and searches from every quote again.
    fn straight(text: &[u8], usual: usize, date: Option<usize>) -> Vec<Vec<String>> {
        let ends = |at: usize| matches!(text.get(at), None | Some(b',' | b'\n' | b'\r'));
        let rule = {
            let mut cutter = RecordSplitter::new(&b""[..], b',', 0, 0);
            cutter.expect(usual, date);
            cutter
        };
        let close = |open: usize| -> Option<(usize, usize)> {
            let mut at = open + 1;
            while at < text.len().min(open + 1 + QUOTED_MAX) {
                let next = text.get(at + 1..).unwrap_or_default();
                let blanks = next.iter().take(8).take_while(|byte| **byte == b' ').count();
                match text[at] {
                    b'"' if next.first() == Some(&b'"') => at += 2,
                    b'"' if ends(at + 1 + blanks) => {
                        let mut lines = text[open + 1..at].split(|byte| *byte == b'\n').skip(1);
                        return (!lines.any(|line| rule.is_record(line))).then_some((at, at + 1 + blanks));
                    }
                    _ => at += 1,
                }
            }
            None
        };
        let (mut records, mut record, mut at) = (Vec::new(), Vec::new(), 0);
        while at < text.len() || !record.is_empty() {
            let open = at + text[at..].iter().take_while(|byte| **byte == b' ').count();
            let quoted = (text.get(open) == Some(&b'"')).then(|| close(open)).flatten();
            let (field, next) = if let Some((to, next)) = quoted {
                (String::from_utf8_lossy(&text[open + 1..to]).trim().replace("\"\"", "\""), next)
            } else {
                let next = (at..=text.len()).find(|at| ends(*at)).expect("the end");
                (String::from_utf8_lossy(&text[at..next]).trim().to_owned(), next)
            };
            record.push(field);
            at = (next + 1 + usize::from(text[next..].starts_with(b"\r\n"))).min(text.len());
            if text.get(next) != Some(&b',') {
                records.push(std::mem::take(&mut record));
            }
        }
        records
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_was_learned_of_quotes_decides_as_the_rule_does(
            pieces in vec(
                prop_oneof![
                    30 => select(vec!["\"", "\"\"", ",", "\n", " ", "x", "\r\n", ",\"", "\"\n", "\n\"", "\",\""]),
                    5 => select(vec!["2024-01-01,x,1", "\n2024-01-01,x,1\n", "a,b,c", "2024-01-01,\"x\",\"1\""]),
                    // Repeated, it exceeds the limit of a quoted field and of the buffer.
                    1 => Just("LONG"),
                ],
                0..60,
            ),
            date in select(vec![None, Some(0), Some(2)]),
        ) {
            let text = pieces.concat().replace("LONG", &"x".repeat(QUOTED_MAX / 2));
            let mut cutter = RecordSplitter::new(text.as_bytes(), b',', 1000, 1000);
            cutter.expect(3, date);
            let mut records = Vec::new();
            loop {
                match cutter.next().expect("readable") {
                    Cut::End => break,
                    // Occurs only if a record exceeds the buffer.
                    Cut::TooLong => return Ok(()),
                    Cut::Record => {
                        let text = |index| String::from_utf8_lossy(&cutter.get(index)).into_owned();
                        records.push((0..cutter.len()).map(text).collect::<Vec<_>>());
                    }
                }
            }
            prop_assert_eq!(records, straight(text.as_bytes(), 3, date));
            prop_assert!(cutter.searched <= 8 * text.len(), "{} of {}", cutter.searched, text.len());
        }
    }

    /// The buffer ends within a record, after a search from its last quote that found no closing quote.
    #[test]
    fn a_record_that_is_cut_again_is_cut_alike() {
        let before = "x\n".repeat((1000 + SPARE - 2 * QUOTED_MAX) / 2);
        let text = format!("{before}\"a,b\",\"{0},{0}{0}\n", "x".repeat(QUOTED_MAX));
        let records: Vec<_> = cut(&text, 1000).into_iter().map(|(_, record)| record).collect();
        assert_eq!(records.last().map(|record| (record.len(), &*record[0])), Some((3, "a,b")));
        assert_eq!(records, straight(text.as_bytes(), usize::MAX, None));
    }

    #[test]
    fn quotes_are_searched_from_once() {
        let record = "2024-01-01,x,1.00\n";
        let opened = "\"a,,\n".repeat(13_000);
        for text in [
            format!("{opened}{record}\"\n").repeat(4),
            format!("{opened}{record}\",").repeat(4),
            // A record after every opening quote, and closing quotes in different places.
            format!("\"a,\"b\n{record}").repeat(10_000) + "\"\n",
            format!("\"a,\"b\n{record}\"\n").repeat(10_000),
            format!("{}{record}\"\n", "\"a,".repeat(20_000)).repeat(4),
            "\"\"\",\"x\n".repeat(50_000),
            "\"\n,\"x".repeat(50_000),
            " \"x".repeat(50_000),
        ] {
            let mut cutter = RecordSplitter::new(text.as_bytes(), b',', 1 << 20, 1000);
            cutter.expect(3, Some(0));
            while cutter.next().expect("readable") != Cut::End {}
            assert!(cutter.searched <= 4 * text.len(), "{:?}: {}", &text[..20], cutter.searched);
        }
    }
}
