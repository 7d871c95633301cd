//! Plain text: units are blocks of lines.
//!
//! A code may be broken over a line end at its hyphen, so a unit must not end there. Blocks have a few dozen lines, so
//! that no unit is large and few units are needed; the line of a match is the unit's line plus the line ends before
//! it.

use super::FormatParser;
use crate::ExtractError;
use crate::output::UnitOutput;

pub(crate) static TEXT: FormatParser = FormatParser {
    is: |file| file.text().is_some(),
    read: |file, out| read(file.text().unwrap_or_default(), out),
};

/// A block ends after this many lines or bytes, whichever comes first, unless a code could continue.
const BLOCK_LINES: u64 = 64;
const BLOCK_BYTES: usize = 16 * 1024;
/// A block ends at this size even then, so that a file of only hyphens is not held whole.
const BLOCK_BYTES_MAX: usize = 1 << 20;
/// Characters of white space between two parts of a code.
const GAP_MAX: usize = 256;

pub(super) fn read(text: &str, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    let (mut start, mut first_line, mut lines) = (0, 1, 0);
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        lines += 1;
        let size = end - start;
        let enough = lines >= BLOCK_LINES || size >= BLOCK_BYTES;
        if enough && (size >= BLOCK_BYTES_MAX || !goes_on(&text[start..end], &text[end..])) {
            block(&text[start..end], first_line, out)?;
            (start, first_line, lines) = (end + 1, first_line + lines, 0);
        }
    }
    block(text.get(start..).unwrap_or_default(), first_line, out)
}

/// Returns whether the last word before a line end and the first after it may be one code. More white space than
/// [`GAP_MAX`] separates them: a file may hold only white space, and must not be searched from each of its lines.
fn goes_on(before: &str, after: &str) -> bool {
    let hyphen = |c: &char| matches!(c, '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    let word = |c: &char| !c.is_whitespace();
    before.chars().rev().take(GAP_MAX).find(word).as_ref().is_some_and(hyphen)
        || after.chars().take(GAP_MAX).find(word).as_ref().is_some_and(hyphen)
}

fn block(text: &str, first_line: u64, out: &mut UnitOutput<'_>) -> Result<(), ExtractError> {
    if text.trim_ascii().is_empty() { Ok(()) } else { out.line(first_line, text) }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use crate::tests::collect;

    #[test]
    fn the_line_of_a_match_is_the_units_line_plus_the_line_ends_before_it() {
        let mut text = String::new();
        for line in 1..=1000 {
            writeln!(text, "line {line} CODE-{line}").expect("writing to a String does not fail");
        }
        let got = collect("a.txt", text.as_bytes()).expect("readable");
        assert!(got.units.len() > 10);
        for line in [1_usize, 63, 64, 65, 500, 1000] {
            let code = format!("CODE-{line}\n");
            let hits: Vec<_> = got
                .units
                .iter()
                .filter_map(|(place, unit)| {
                    let unit = format!("{unit}\n");
                    let at = unit.find(&code)?;
                    let first: usize = place.parse().expect("a line number");
                    Some(first + unit[..at].matches('\n').count())
                })
                .collect();
            assert_eq!(hits, [line]);
        }
    }

    #[test]
    fn a_code_broken_at_its_hyphen_stays_in_one_unit() {
        for broken in ["HOLE-\n1", "HOLE\n-1"] {
            for before in 0..200 {
                let text = format!("{}{broken}\n{}", "x\n".repeat(before), "y\n".repeat(80));
                let got = collect("a.txt", text.as_bytes()).expect("readable");
                assert!(got.units.iter().any(|(_, unit)| unit.contains(broken)), "cut after {before} lines");
            }
        }
    }

    #[test]
    fn blank_lines_take_no_time_of_their_own() {
        // If the time grew with the square of the number of lines, this would take an hour.
        for first in ["", "-"] {
            let text = format!("{first}{}HOLE-1", "\n".repeat(8 << 20));
            let got = collect("a.txt", text.as_bytes()).expect("readable");
            assert_eq!(got.units.last().map(|unit| unit.1.trim()), Some("HOLE-1"));
        }
    }
}
