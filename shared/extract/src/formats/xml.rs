//! XML: text and attribute values. Entities that a document declares are never expanded, and nothing is fetched.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{FormatParser, text};
use crate::entities;

/// XML that is not well formed is read up to the first error, and the rest as plain text.
pub(crate) static XML: FormatParser = FormatParser {
    is: |file| file.text().is_some_and(is_xml),
    read: |file, out| text::read(&visible(file.text().unwrap_or_default()), out),
};

fn is_xml(source: &str) -> bool {
    let head = source.trim_start();
    head.starts_with("<?xml")
        || head.starts_with('<') && head.trim_end().ends_with('>') && head.contains("</")
}

fn visible(source: &str) -> String {
    let mut reader = Reader::from_str(source);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut out = String::with_capacity(source.len() / 2);
    let mut lines_to = 0;
    loop {
        let event = reader.read_event();
        let end = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX).min(source.len());
        match event {
            Ok(Event::Text(text)) => out.push_str(&text),
            Ok(Event::CData(text)) => out.push_str(&text),
            Ok(Event::GeneralRef(name)) => match entities::decode(&name) {
                Some(c) => out.push(c),
                None => out.extend(["&", &name, ";"]),
            },
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                out.push(' ');
                attributes(&tag, &mut out);
                keep_lines(source, lines_to, end, &mut out);
            }
            Ok(Event::End(_)) => {
                out.push(' ');
                keep_lines(source, lines_to, end, &mut out);
            }
            Ok(Event::Eof) => break,
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {
                keep_lines(source, lines_to, end, &mut out);
            }
            Err(_) => {
                let from = (lines_to..=end).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
                entities::push_decoded(&source[from..], &mut out);
                break;
            }
        }
        lines_to = end;
    }
    out
}

/// Keeps the line ends of removed tags, so that lines are those of the source.
fn keep_lines(source: &str, from: usize, to: usize, out: &mut String) {
    let bytes = source.as_bytes().get(from..to).unwrap_or_default();
    out.extend(memchr::memchr_iter(b'\n', bytes).map(|_| '\n'));
}

fn attributes(tag: &BytesStart<'_>, out: &mut String) {
    for attribute in tag.attributes().with_checks(false).flatten() {
        if attribute.key.as_ref().starts_with("xmlns") {
            continue;
        }
        let value = attribute.value.replace('\n', " ");
        entities::push_decoded(&value, out);
        out.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::visible;

    fn words(source: &str) -> String {
        visible(source).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn text_and_attributes_are_read() {
        assert_eq!(
            words(
                "<?xml version='1.0'?><r xmlns='urn:x'><h id=\"HOLE-1\">a &amp; b</h><![CDATA[HOLE-<2>]]></r>"
            ),
            "HOLE-1 a & b HOLE-<2>"
        );
    }

    #[test]
    fn declared_entities_are_not_expanded() {
        let bomb = "<!DOCTYPE r [<!ENTITY a 'xxxxxxxxxx'><!ENTITY b '&a;&a;&a;'><!ENTITY f SYSTEM 'file:///etc/passwd'>]>\
                    <r>&b;&f;</r>";
        assert_eq!(words(bomb), "&b;&f;");
    }

    #[test]
    fn broken_xml_is_read_to_its_end() {
        assert!(words("<a><b>HOLE-1</a> & <c x=1>HOLE-2 <").contains("HOLE-2"));
    }

    #[test]
    fn lines_are_those_of_the_source() {
        let source = "<r\n a='1'>\n<!--\n-->\n<b>\nHOLE-1</b></r>";
        let text = visible(source);
        assert_eq!(text[..text.find("HOLE").expect("found")].matches('\n').count(), 5);
    }
}
