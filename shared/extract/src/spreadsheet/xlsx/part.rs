//! One part of a package as a stream of XML.

use std::io::{BufRead, BufReader, Cursor};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::ooxml::Nesting;
use crate::output::UnitOutput;
use crate::package::Package;
use crate::{ExtractError, decode, entities, ooxml};

pub(super) use ooxml::attribute;

/// Bytes at the beginning of a part that name its encoding.
const DECLARATION: usize = 256;

/// Calls `each` for every event of a part; empty elements begin and end. Returns `None` if there is no such part.
///
/// A part that breaks off, or is not well formed, is an error after the events before it.
pub(super) fn events(
    package: &Package<'_>,
    name: &str,
    out: &mut UnitOutput<'_>,
    mut each: impl FnMut(&Event<'_>, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
) -> Result<Option<()>, ExtractError> {
    let mut archive = package.archive();
    let Some(entry) = package.stream(&mut archive, name, out)? else { return Ok(None) };
    let mut source: Box<dyn BufRead> = Box::new(BufReader::with_capacity(64 * 1024, entry));
    if is_foreign(source.fill_buf().map_err(|error| broken(&error))?) {
        drop(source);
        // Rare, and small in practice: decoded as a whole, within the limits.
        let bytes = package.part(name, out)?.unwrap_or_default();
        source = Box::new(Cursor::new(decode::decode(&bytes).into_owned().into_bytes()));
    }
    let mut reader = Reader::from_reader(source);
    ooxml::tolerate(reader.config_mut());
    let (mut buffer, mut nesting) = (Vec::new(), Nesting::new(out.limits().xml_depth));
    loop {
        buffer.clear();
        let event = reader.read_event_into(&mut buffer).map_err(|error| broken(&error))?;
        if nesting.follow(&event, "it breaks off")? {
            return Ok(Some(()));
        }
        each(&event, out)?;
    }
}

fn broken(error: &dyn std::fmt::Display) -> ExtractError {
    ExtractError::Damaged(format!("it is not well formed: {error}"))
}

/// Returns whether the part is in another encoding than UTF-8.
fn is_foreign(start: &[u8]) -> bool {
    if decode::utf16(start).is_some() {
        return true;
    }
    let head = &start[..start.len().min(DECLARATION)];
    let declaration = String::from_utf8_lossy(head).to_ascii_lowercase();
    declaration
        .split_once("encoding=")
        .is_some_and(|(_, rest)| !rest.trim_start_matches(['"', '\'']).starts_with("utf-8"))
}

/// Appends the text of an event, if it is text.
pub(super) fn push_text(event: &Event<'_>, out: &mut String) {
    match event {
        Event::Text(text) => out.push_str(text),
        Event::CData(text) => out.push_str(text),
        Event::GeneralRef(name) => out.extend(entities::decode(name)),
        _ => {}
    }
}

pub(super) fn number(tag: &BytesStart<'_>, name: &str) -> Option<u32> {
    attribute(tag, name)?.trim().parse().ok()
}

/// Returns whether an attribute is set: `1` or `true`.
pub(super) fn flag(tag: &BytesStart<'_>, name: &str) -> bool {
    attribute(tag, name).is_some_and(|value| matches!(value.trim(), "1" | "true"))
}

/// Decodes `_x000D_`, as spreadsheets write characters that XML cannot hold.
pub(super) fn unescape(text: &mut String) {
    let Some(first) = memchr::memmem::find(text.as_bytes(), b"_x") else { return };
    let mut decoded = String::with_capacity(text.len());
    decoded.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(c) = rest.chars().next() {
        let code = rest.strip_prefix("_x").and_then(|rest| Some((rest.get(..4)?, rest.as_bytes().get(4)?)));
        let escaped = code
            .filter(|(hex, end)| **end == b'_' && hex.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|(hex, _)| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        if let Some(escaped) = escaped {
            decoded.push(escaped);
            rest = &rest[7..];
        } else {
            decoded.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    *text = decoded;
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn characters_that_xml_cannot_hold_are_decoded() {
        for (written, expected) in [
            ("a_x000D_b", "a\rb"),
            ("_x0041__x0042_", "AB"),
            ("_x005F_x000D_", "_x000D_"),
            ("DH_x22", "DH_x22"),
            ("_xZZZZ_ _xD800_ _x004", "_xZZZZ_ _xD800_ _x004"),
            ("_xé00_", "_xé00_"),
        ] {
            let mut text = written.to_owned();
            unescape(&mut text);
            assert_eq!(text, expected);
        }
    }
}
