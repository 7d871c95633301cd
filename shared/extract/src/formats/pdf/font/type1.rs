//! The encoding in the readable first part of a Type 1 font program.

use std::io::Read;

use hayro_syntax::Filter;
use hayro_syntax::object::Stream;
use memchr::memmem;

use crate::formats::pdf::unpack::unpack;

/// Bytes of a font program that are examined: the readable part is 1 to 10 KB.
const READABLE_MAX: usize = 64 * 1024;

/// Returns the `(code, glyph name)` pairs of the program's own encoding; empty if it uses Adobe's standard encoding,
/// `None` if no encoding is found.
pub(super) fn encoding(program: &Stream<'_>) -> Option<Vec<(u8, String)>> {
    let data = readable_part(program)?;
    let at = memmem::find(&data, b"/Encoding")?;
    let tail = &data[at..];
    let mut words = tail.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1).peekable();
    if words.peek() == Some(&&b"StandardEncoding"[..]) {
        return Some(Vec::new());
    }
    let mut pairs = Vec::new();
    while let Some(word) = words.next() {
        match word {
            b"dup" => {
                let code = words.next().and_then(parse_code);
                let name = words.next().and_then(|w| w.strip_prefix(b"/"));
                if let (Some(code), Some(name)) = (code, name) {
                    pairs.push((code, String::from_utf8_lossy(name).into_owned()));
                }
            }
            b"def" | b"readonly" if !pairs.is_empty() => break,
            b"eexec" => break,
            _ => {}
        }
    }
    (!pairs.is_empty()).then_some(pairs)
}

fn parse_code(word: &[u8]) -> Option<u8> {
    let word = std::str::from_utf8(word).ok()?;
    match word.split_once('#') {
        Some((radix, digits)) => {
            let radix = radix.parse().ok().filter(|r| (2..=36).contains(r))?;
            u8::from_str_radix(digits, radix).ok()
        }
        None => word.parse().ok(),
    }
}

/// Unpacks only as much as holds the encoding: the outlines after it are the large part.
fn readable_part(program: &Stream<'_>) -> Option<Vec<u8>> {
    if program.filters().as_slice() != [Filter::FlateDecode] {
        let mut data = unpack(program, super::BYTES_MAX).ok()?.into_owned();
        data.truncate(READABLE_MAX);
        return Some(data);
    }
    let raw = program.raw_data();
    let mut inflate = flate2::read::ZlibDecoder::new(raw.as_ref());
    let mut data = Vec::with_capacity(8 * 1024);
    let mut chunk = [0; 4096];
    while data.len() < READABLE_MAX {
        // A damaged tail does not matter: the bytes unpacked before it are either sufficient or not.
        let Ok(read @ 1..) = inflate.read(&mut chunk) else {
            break;
        };
        let seen = data.len().saturating_sub(8);
        data.extend_from_slice(&chunk[..read]);
        if memmem::find(&data[seen..], b"eexec").is_some() {
            break;
        }
    }
    Some(data)
}
