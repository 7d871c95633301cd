//! JSON: keys, strings with their escapes decoded, numbers. One pass over the characters without a tree or recursion:
//! depth costs nothing, and what is not quite JSON (several documents, trailing commas, comments) is read as well.

use super::{FormatParser, text};

pub(crate) static JSON: FormatParser = FormatParser {
    is: |file| file.text().is_some_and(is_json),
    read: |file, out| text::read(&visible(file.text().unwrap_or_default()), out),
};

fn is_json(source: &str) -> bool {
    let trimmed = source.trim();
    let closed = trimmed.starts_with('{') && trimmed.ends_with('}')
        || trimmed.starts_with('[') && trimmed.ends_with(']');
    closed && plausible(trimmed)
}

/// Returns whether it may be JSON, which begins with a quoted key, a value, or nothing: templates and code have braces
/// too.
fn plausible(source: &str) -> bool {
    let inner = source[1..].trim_start();
    let first = inner.as_bytes().first().copied().unwrap_or(b'x');
    if source.starts_with('{') {
        matches!(first, b'"' | b'}')
    } else {
        matches!(first, b'"' | b'{' | b'[' | b']' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
    }
}

/// Returns the source with punctuation blanked and strings decoded. Line ends stay where they are; those inside
/// strings become spaces.
fn visible(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(quote) = rest.find('"') {
        blank(&rest[..quote], &mut out);
        let body = &rest[quote + 1..];
        let used = string(body, &mut out);
        out.push(' ');
        rest = &body[used..];
    }
    blank(rest, &mut out);
    out
}

fn blank(source: &str, out: &mut String) {
    out.extend(source.chars().map(|c| if matches!(c, '{' | '}' | '[' | ']' | ',' | ':') { ' ' } else { c }));
}

/// Decodes a string up to its closing quote; returns the length read.
fn string(body: &str, out: &mut String) -> usize {
    let bytes = body.as_bytes();
    let mut at = 0;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        let here = at + found;
        out.push_str(&body[at..here]);
        if bytes[here] == b'"' {
            return here + 1;
        }
        at = here + escape(&body[here..], out);
    }
    out.push_str(&body[at..]);
    body.len()
}

/// Decodes one escape beginning with its backslash; returns its length.
fn escape(source: &str, out: &mut String) -> usize {
    match source.as_bytes().get(1) {
        Some(b'u') => match unicode(source) {
            Some((c, length)) => {
                out.push(if c == '\n' || c == '\r' { ' ' } else { c });
                length
            }
            None => 2,
        },
        Some(b'n' | b'r' | b't' | b'b' | b'f') => {
            out.push(' ');
            2
        }
        Some(b'"' | b'\\' | b'/') => {
            out.push_str(&source[1..2]);
            2
        }
        _ => 1,
    }
}

fn unicode(source: &str) -> Option<(char, usize)> {
    let unit = |at: usize| u32::from_str_radix(source.get(at..at + 4)?, 16).ok();
    let high = unit(2)?;
    if (0xD800..0xDC00).contains(&high) && source.get(6..8) == Some("\\u") {
        let low = unit(8)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
        return char::from_u32(0x10000 + ((high - 0xD800) << 10) + low).map(|c| (c, 12));
    }
    char::from_u32(high).map(|c| (c, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        visible(source).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_strings_and_numbers_are_read() {
        assert_eq!(
            words(r#"{"hole":"HOLE\u002d1","n":[12.5,-3],"a\"b":"x\/y\n\ud83d\ude00"}"#),
            "hole HOLE-1 n 12.5 -3 a\"b x/y 😀"
        );
    }

    #[test]
    fn depth_and_damage_do_no_harm() {
        assert_eq!(words(&("[".repeat(200_000) + "\"deep\"")), "deep");
        for source in ["\"\\", "\"\\u", "\"\\u12", "\"\\ud800\\u0041\"", "\"é\\é"] {
            let _text = visible(source);
        }
    }

    #[test]
    fn json_is_told_from_other_braces() {
        assert!(is_json(r#" {"a":1} "#) && is_json("[1,2]") && is_json("[]"));
        assert!(!is_json("{{ template }}") && !is_json("[draft] text") && !is_json("{\\rtf}"));
    }
}
