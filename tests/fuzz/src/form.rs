//! Unpacked forms of files for mutation, so that a changed byte is a changed word rather than a broken checksum.
//!
//! Each form can be converted to a file and back, so that third-party files can be seeds.

use std::io::{Cursor, Read};

use bytes::Bytes;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;
use riffle_samples::pack;

/// The separators before the name of a part of a ZIP file, and before its content.
const PART: &[u8] = b"\x1E\x1E";
const CONTENT: &[u8] = b"\x1F\x1F";
/// The separators before each object of a PDF, and before its stream.
const OBJECT: u8 = 0x1E;
const STREAM: u8 = 0x1F;

const UNPACKED_MAX: usize = 64 * 1024;

/// Packs named parts into a ZIP file.
pub fn zip(input: &[u8]) -> Bytes {
    let mut archive = pack::Archive::default();
    for part in split(input, PART).skip(1) {
        let at = part.windows(2).position(|window| window == CONTENT);
        let (name, content) = at.map_or((part, &[][..]), |at| (&part[..at], &part[at + 2..]));
        archive = archive.stored(&name[..name.len().min(200)], content);
    }
    archive.finish().into()
}

/// Returns the parts of a ZIP file, small ones first: they connect the others.
pub fn parts(file: &[u8]) -> Vec<u8> {
    let Ok(mut archive) = ::zip::ZipArchive::new(Cursor::new(file)) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let Ok(mut entry) = archive.by_index(index) else { continue };
        let name = entry.name().map(|name| name.as_bytes().to_vec()).unwrap_or_default();
        // Parts that Riffle's parsers never read.
        let idle = [&b"theme"[..], b"docProps", b"printerSettings", b"media", b"Thumbnails", b"settings.xml"];
        if idle.iter().any(|idle| name.windows(idle.len()).any(|window| window == *idle)) {
            continue;
        }
        let mut content = Vec::new();
        if entry.by_ref().take(UNPACKED_MAX as u64).read_to_end(&mut content).is_ok() {
            parts.push((name, content));
        }
    }
    parts.sort_by_key(|(_, content)| content.len());
    unsplit(parts.iter().map(|(name, content)| (&name[..], &content[..])))
}

/// Joins parts in the form that [`fn@zip`] reads.
pub fn unsplit<'a>(parts: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Vec<u8> {
    parts.into_iter().flat_map(|(name, content)| [PART, name, CONTENT, content].concat()).collect()
}

/// Packs the records of an old workbook into a compound file.
pub fn xls(input: &[u8]) -> Bytes {
    pack::compound(&[("Workbook", input)]).into()
}

/// Returns the records of a compound file, provided that its sectors are consecutive.
pub fn biff(file: &[u8]) -> Vec<u8> {
    let records = file.windows(8).position(|at| at.starts_with(b"\x09\x08\x10\0\0\x06\x05\0"));
    records.map_or_else(Vec::new, |at| file[at..].to_vec())
}

/// Packs objects into a PDF: numbers, lengths, table and compression are made valid, everything else is kept.
pub fn pdf(input: &[u8]) -> Bytes {
    let mut objects = Vec::new();
    let mut root = 1;
    for (index, text) in (1_u32..).zip(input.split(|byte| *byte == OBJECT).filter(|text| !text.is_empty())) {
        let (number, text) = numbered(text).unwrap_or((index, text));
        if text.windows(8).any(|window| window == b"/Catalog") {
            root = number;
        }
        objects.push((number, object(text)));
    }
    let objects: Vec<(u32, &[u8])> = objects.iter().map(|(number, object)| (*number, &object[..])).collect();
    pack::numbered(&objects, &format!("/Root {root} 0 R")).into()
}

/// Returns the number in `12 0 obj`, and the text that follows.
fn numbered(text: &[u8]) -> Option<(u32, &[u8])> {
    let at = text.windows(6).take(12).position(|window| window == b" 0 obj")?;
    Some((std::str::from_utf8(&text[..at]).ok()?.parse().ok()?, &text[at + 6..]))
}

fn object(text: &[u8]) -> Vec<u8> {
    let Some(at) = text.iter().position(|byte| *byte == STREAM) else {
        return text.to_vec();
    };
    let (dict, content) = (&text[..at], &text[at + 1..]);
    let deflated = dict.windows(12).any(|window| window == b"/FlateDecode");
    let content = if deflated { compress_to_vec_zlib(content, 0) } else { content.to_vec() };
    let dict = dict.trim_ascii();
    let entries = dict.strip_prefix(b"<<").and_then(|dict| dict.strip_suffix(b">>")).unwrap_or(dict);
    let mut out = b"<<".to_vec();
    out.extend(entries);
    out.extend(format!("/Length {}>>\nstream\n", content.len()).bytes());
    out.extend(content);
    out.extend(b"\nendstream");
    out
}

/// Returns the objects of a PDF, found by a text search, with compressed streams unpacked.
pub fn objects(file: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in split(file, b"endobj") {
        let Some(at) = piece.windows(6).position(|window| window == b" 0 obj") else { continue };
        let digits = piece[..at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let body = &piece[at - digits..];
        out.push(OBJECT);
        let Some(stream) = body.windows(6).position(|window| window == b"stream") else {
            out.extend(body);
            continue;
        };
        let dict = without_length(&body[..stream]);
        let content = &body[stream + 6..];
        let content = content.strip_prefix(b"\r\n").or(content.strip_prefix(b"\n")).unwrap_or(content);
        let end = content.windows(9).rposition(|window| window == b"endstream").unwrap_or(content.len());
        let content = content[..end].strip_suffix(b"\n").unwrap_or(&content[..end]);
        out.extend(&dict);
        out.push(STREAM);
        match decompress_to_vec_zlib_with_limit(content, UNPACKED_MAX) {
            Ok(unpacked) => out.extend(unpacked),
            Err(_) => out.extend(content),
        }
    }
    out
}

fn without_length(dict: &[u8]) -> Vec<u8> {
    let Some(at) = dict.windows(8).position(|window| window == b"/Length ") else {
        return dict.to_vec();
    };
    let value = dict[at + 8..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b' ').count();
    [&dict[..at], &dict[at + 8 + value..]].concat()
}

/// Splits `whole` at the separators.
fn split<'a>(whole: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut left = Some(whole);
    std::iter::from_fn(move || {
        let text = left?;
        let at = text.windows(separator.len()).position(|window| window == separator);
        left = at.map(|at| &text[at + separator.len()..]);
        Some(at.map_or(text, |at| &text[..at]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_and_its_file_are_one_another() {
        let form = unsplit([(&b"a.xml"[..], &b"<a/>"[..]), (&b"b"[..], &b"xyz"[..])]);
        assert_eq!(
            parts(&zip(&form)),
            [form.split_at(form.len() - 8).1, form.split_at(form.len() - 8).0].concat()
        );
        let form = b"\x1E1 0 obj<</Type/Catalog>>\x1E2 0 obj<</Filter/FlateDecode>>\x1FBT ET".to_vec();
        let again = objects(&pdf(&form));
        assert!(again.windows(5).any(|window| window == b"BT ET"), "{}", String::from_utf8_lossy(&again));
    }
}
