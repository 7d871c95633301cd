//! Decodes bytes of an unknown encoding to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes that are examined to guess an encoding.
const SAMPLE: usize = 64 * 1024;

/// Decodes a whole file. Borrows bytes that are UTF-8 already; otherwise the text is at most three times as long.
pub(crate) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(&bytes[mark..]).0;
    }
    if let Some(encoding) = utf16(bytes) {
        return encoding.decode_without_bom_handling(bytes).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    guess(bytes).decode_without_bom_handling(bytes).0
}

/// Recognises UTF-16 by its byte order mark, or by zeros in every other byte, which Western text has in UTF-16.
pub(crate) fn utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding != UTF_8 => return Some(encoding),
        Some(_) => return None,
        None => {}
    }
    let sample = &bytes[..bytes.len().min(4096)];
    let pairs = sample.len() / 2;
    if pairs < 2 {
        return None;
    }
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 10 >= pairs * 4 && even * 20 <= pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 4 && odd * 20 <= pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // Encodings begin to differ at the first byte that is not ASCII.
    let first = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    let start = first.saturating_sub(SAMPLE / 4);
    let sample = &bytes[start..bytes.len().min(start + SAMPLE)];
    // Mostly valid UTF-8 with a few damaged bytes is UTF-8, not Windows-1252 full of nonsense.
    let lossy = String::from_utf8_lossy(sample);
    let broken = lossy.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    let foreign = lossy.chars().filter(|c| !c.is_ascii()).count();
    if broken * 10 < foreign {
        return UTF_8;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(sample, start + sample.len() == bytes.len());
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings_are_found() {
        assert_eq!(decode(b"\xEF\xBB\xBFHOLE-1"), "HOLE-1");
        assert_eq!(decode(b"\xFF\xFEH\0O\0"), "HO");
        assert_eq!(decode(b"H\0O\0L\0E\0-\x001\0"), "HOLE-1");
        assert_eq!(decode(b"\0H\0O\0L\0E\0-\x001"), "HOLE-1");
        assert_eq!(decode("Größe".as_bytes()), "Größe");
        assert_eq!(
            decode(b"Die Gr\xF6\xDFe der Stra\xDFe in K\xF6ln ist gro\xDF"),
            "Die Größe der Straße in Köln ist groß"
        );
        assert!(decode("ä ö ü ß é è ê à â ô û ï ë\n".repeat(9).as_bytes()).contains('ß'));
    }

    #[test]
    fn one_damaged_byte_does_not_change_the_encoding() {
        let mut bytes = "Größe Straße Köln Übung Äpfel Öl übel größer".as_bytes().to_vec();
        bytes.push(0xFF);
        assert!(decode(&bytes).starts_with("Größe Straße"));
    }
}
