//! HTML: the text a person sees, without the tags.
//!
//! Lenient as browsers are: no tag need be closed, and any may be nested. Tags of blocks separate the text, tags within
//! a line do not, so a code partly set in bold stays one word.

use super::{FormatParser, text};
use crate::entities;

pub(crate) static HTML: FormatParser = FormatParser {
    is: |file| file.text().is_some_and(|text| is_html(text, file.is_named(&[".html", ".htm", ".xhtml"]))),
    read: |file, out| text::read(&visible(file.text().unwrap_or_default()), out),
};

/// Elements whose content is not text for people.
const SKIPPED: [&str; 4] = ["script", "style", "template", "noscript"];
/// Elements that do not break a word.
const INLINE: [&str; 28] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "wbr",
];
/// Tags without an end outside of quotes after which quotes are ignored: for each of these, the rest of the source was
/// searched.
const QUOTES_BELIEVED: u32 = 32;
/// Attributes whose values people read.
const READ_ATTRIBUTES: [&str; 4] = ["alt", "title", "placeholder", "value"];

/// Returns whether decoded text is HTML: it declares so, or its name says so and it has a tag.
fn is_html(source: &str, named: bool) -> bool {
    let head = source.trim_start().get(..256).unwrap_or(source.trim_start()).to_ascii_lowercase();
    let declared = head.starts_with("<!doctype html") || head.starts_with("<html") || head.contains("<html");
    declared && head.starts_with('<') || named && source.contains('<')
}

/// Returns the visible text. It keeps the line ends, so that lines are those of the source.
fn visible(source: &str) -> String {
    let mut out = String::with_capacity(source.len() / 2);
    let mut rest = source;
    let mut quotes = QUOTES_BELIEVED;
    while let Some(at) = rest.find('<') {
        entities::push_decoded(&rest[..at], &mut out);
        rest = &rest[at..];
        let (tag, after) = tag(rest, &mut quotes);
        match tag {
            HtmlTag::Text => {
                out.push('<');
            }
            HtmlTag::Comment => keep_lines(&rest[..rest.len() - after.len()], &mut out),
            HtmlTag::Element { name, attributes } => {
                let lower = name.to_ascii_lowercase();
                let plain = lower.trim_start_matches('/');
                if !INLINE.contains(&plain) {
                    out.push(' ');
                }
                read_attributes(attributes, &mut out);
                keep_lines(&rest[..rest.len() - after.len()], &mut out);
                if SKIPPED.contains(&lower.as_str()) {
                    let skipped = find_close(after, &lower).unwrap_or(after.len());
                    keep_lines(&after[..skipped], &mut out);
                    rest = &after[skipped..];
                    continue;
                }
            }
        }
        rest = after;
    }
    entities::push_decoded(rest, &mut out);
    out
}

enum HtmlTag<'a> {
    /// A `<` that begins no tag.
    Text,
    /// Comments, declarations and processing instructions.
    Comment,
    Element {
        name: &'a str,
        attributes: &'a str,
    },
}

/// Reads the tag at a `<`; returns it and the source after it. `quotes` is for [`tag_end`].
fn tag<'a>(source: &'a str, quotes: &mut u32) -> (HtmlTag<'a>, &'a str) {
    if let Some(comment) = source.strip_prefix("<!--") {
        return (HtmlTag::Comment, comment.find("-->").map_or("", |end| &comment[end + 3..]));
    }
    let body = &source[1..];
    let first = body.as_bytes().first().copied().unwrap_or(b' ');
    if first == b'!' || first == b'?' {
        return (HtmlTag::Comment, body.find('>').map_or("", |end| &body[end + 1..]));
    }
    if !(first.is_ascii_alphabetic() || first == b'/') {
        return (HtmlTag::Text, body);
    }
    let end = tag_end(body, quotes);
    let inside = &body[..end];
    let name_end = inside.find(|c: char| c.is_ascii_whitespace()).unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(name_end);
    (
        HtmlTag::Element { name: name.trim_end_matches('/'), attributes },
        body.get(end + 1..).unwrap_or_default(),
    )
}

/// Finds the `>` that ends a tag, ignoring those in quoted values. If quotes hide every `>` up to the end of the
/// source, they were not meant as quotes and the first `>` ends the tag; `quotes` counts how often quotes are still
/// respected.
fn tag_end(body: &str, quotes: &mut u32) -> usize {
    let bytes = body.as_bytes();
    let mut at = 0;
    while *quotes > 0
        && let Some(found) = memchr::memchr3(b'>', b'"', b'\'', &bytes[at..])
    {
        let here = at + found;
        let quote = bytes[here];
        if quote == b'>' {
            return here;
        }
        // A quote opens a value only after `=`; one that never closes is a stray.
        let opens = bytes[..here].trim_ascii_end().ends_with(b"=");
        let close = if opens { memchr::memchr(quote, &bytes[here + 1..]) } else { None };
        at = close.map_or(here + 1, |close| here + close + 2);
    }
    *quotes = quotes.saturating_sub(1);
    memchr::memchr(b'>', bytes).unwrap_or(bytes.len())
}

fn read_attributes(attributes: &str, out: &mut String) {
    let mut rest = attributes;
    while let Some(equals) = rest.find('=') {
        let name =
            rest[..equals].trim_end().rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let value = rest[equals + 1..].trim_start();
        let (value, after) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let inner = &value[1..];
                let end = memchr::memchr(*quote, inner.as_bytes()).unwrap_or(inner.len());
                (&inner[..end], inner.get(end + 1..).unwrap_or_default())
            }
            _ => value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len())),
        };
        if READ_ATTRIBUTES.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            out.push(' ');
            let before = out.len();
            entities::push_decoded(value, out);
            // The tag's own line ends are kept separately.
            let flat = out[before..].replace('\n', " ");
            out.truncate(before);
            out.push_str(&flat);
            out.push(' ');
        }
        rest = after;
    }
}

/// Finds `</name`, ignoring case.
fn find_close(source: &str, name: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    memchr::memmem::find_iter(bytes, b"</").find(|at| {
        bytes
            .get(at + 2..at + 2 + name.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn keep_lines(source: &str, out: &mut String) {
    out.extend(memchr::memchr_iter(b'\n', source.as_bytes()).map(|_| '\n'));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        visible(source).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_reader_sees_words_not_tags() {
        assert_eq!(words("<p>HOLE-<b>1</b>2</p><p>next &amp; last&nbsp;one</p>"), "HOLE-12 next & last one");
        assert_eq!(words("<td>A</td><td>B</td>a<br>b<wbr>c"), "A B a bc");
        assert_eq!(
            words("a<script>var x = '<b>HOLE-9</b>';</script>b<STYLE>p{}</STYLE>c"),
            "abc".replace("abc", "a b c")
        );
        assert_eq!(words("<!-- HOLE-8 --><img alt='HOLE-7' src=x>&#72;&#x4f;"), "HOLE-7 HO");
        assert_eq!(words("<a title=\"a > b\">link</a> 1 < 2"), "a > b link 1 < 2");
    }

    #[test]
    fn lines_are_those_of_the_source() {
        let source = "<html>\n<!--\n\n-->\n<p\nclass=x>HOLE-1\n<script>\n\n</script>\nHOLE-2";
        let text = visible(source);
        for code in ["HOLE-1", "HOLE-2"] {
            let line = |s: &str| s[..s.find(code).expect("found")].matches('\n').count();
            assert_eq!(line(&text), line(source));
        }
    }

    #[test]
    fn broken_html_ends() {
        for source in
            ["<", "<p", "<p class=\"x", "</", "<!--", "<script>", "&", "&#", "&#x110000;", "<a b='\">'"]
        {
            let _text = visible(source);
        }
    }

    #[test]
    fn quotes_that_hide_every_end_take_no_time_of_their_own() {
        let source = "<a =\">\"".repeat(1 << 20) + " HOLE-1";
        assert!(visible(&source).ends_with("HOLE-1"));
    }
}
