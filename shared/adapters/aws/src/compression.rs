//! Compression of long texts in items: a write bills each started KB.

use aws_sdk_dynamodb::types::AttributeValue;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::item::{bytes, text};

/// The first byte of packed bytes names the method: raw DEFLATE (RFC 1951).
const DEFLATE: u8 = 1;
/// Fast, and nearly as small as the slowest level.
const LEVEL: u8 = 6;
/// Shorter texts stay uncompressed, so that people can read them in the table.
const WORTH: usize = 512;

/// Packs a text. `None` if it would not become smaller.
pub(crate) fn pack(long: &str) -> Option<Vec<u8>> {
    let mut packed = vec![DEFLATE];
    packed.extend(compress_to_vec(long.as_bytes(), LEVEL));
    (packed.len() < long.len()).then_some(packed)
}

/// Unpacks a text of at most `limit` bytes. The error says what is wrong.
pub(crate) fn unpack(packed: &[u8], limit: usize) -> Result<String, &'static str> {
    let [DEFLATE, packed @ ..] = packed else { return Err("it has an unknown compression") };
    let long = decompress_to_vec_with_limit(packed, limit).map_err(|_| "it cannot be unpacked")?;
    String::from_utf8(long).map_err(|_| "it is not text")
}

/// Returns an attribute for a text that may be long: the text itself, or packed bytes.
pub(crate) fn long(value: &str) -> AttributeValue {
    let packed = if value.len() < WORTH { None } else { pack(value) };
    packed.map_or_else(|| text(value), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for value in ["", "short", &"long ".repeat(10_000)] {
            let back = match long(value) {
                AttributeValue::S(text) => text,
                AttributeValue::B(packed) => unpack(packed.as_ref(), value.len()).expect("a text"),
                other => panic!("{other:?}"),
            };
            assert_eq!(back, value);
        }
        let packed = pack(&"long ".repeat(10_000)).expect("smaller");
        assert!(packed.len() < 500);
        assert_eq!(unpack(&packed, 49_999), Err("it cannot be unpacked"));
        assert_eq!(unpack(&[2, 3], 100), Err("it has an unknown compression"));
        assert_eq!(unpack(&[], 100), Err("it has an unknown compression"));
    }
}
