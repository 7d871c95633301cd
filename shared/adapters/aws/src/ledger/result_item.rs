//! One file's result as a compact item: a write bills each started KB.
//!
//! A result stored inline is JSON, which compresses to a third. Of 300 sample drawings, 137 have more than 1 KB of JSON
//! and 11 have more than 1 KB once it is compressed: 339 write units, instead of 1,408 with those 137 in the object
//! store.

use riffle_ports::{PortError, ResultBody, SessionId, StoredResult};

use crate::compression::{pack, unpack};
use crate::item::{Item, ItemReader, bytes, number, text};
use crate::table::SK;

pub(super) const SORT_PREFIX: &str = "R#";

/// Present only if the file failed.
const FAILED: &str = "f";
const MATCHES: &str = "m";
const BYTES: &str = "b";
const PAGES: &str = "p";
/// The body: as text in `j`, or packed as bytes in `z`, or in the object store, with its key in `o`.
const PLAIN: &str = "j";
const COMPRESSED: &str = "z";
const OBJECT: &str = "o";

pub(super) fn sort_key(index: u32) -> String {
    format!("{SORT_PREFIX}{index:07}")
}

/// Encodes a result without its keys.
pub(super) fn encode(result: &StoredResult) -> Result<Item, PortError> {
    result.body.check()?;
    let mut item = Item::new();
    if result.failed {
        item.insert(FAILED.to_owned(), number(1));
    }
    for (name, count) in
        [(MATCHES, u64::from(result.matches)), (BYTES, result.bytes), (PAGES, u64::from(result.pages))]
    {
        if count > 0 {
            item.insert(name.to_owned(), number(count));
        }
    }
    let (name, body) = match &result.body {
        ResultBody::Object(key) => (OBJECT, text(key.as_str())),
        ResultBody::Inline(json) => match pack(json) {
            Some(packed) => (COMPRESSED, bytes(packed)),
            None => (PLAIN, text(json.as_str())),
        },
    };
    item.insert(name.to_owned(), body);
    Ok(item)
}

/// Returns the file's index and its result.
pub(super) fn decode(session: &SessionId, item: &Item) -> Result<(u32, StoredResult), PortError> {
    let what = format!("a result of session {session}");
    let reading = ItemReader { item, what: &what };
    let broken = |wrong: &str| PortError::Broken(format!("{what}: {wrong}"));
    let index = reading.text(SK)?.strip_prefix(SORT_PREFIX).and_then(|digits| digits.parse().ok());
    let index = index.ok_or_else(|| broken("its key is not valid"))?;
    let body = if let Some(key) = reading.optional_text(OBJECT)? {
        ResultBody::Object(key)
    } else if let Some(json) = reading.optional_text(PLAIN)? {
        ResultBody::Inline(json)
    } else {
        ResultBody::Inline(unpack(reading.bytes(COMPRESSED)?, ResultBody::MAX_INLINE).map_err(broken)?)
    };
    let result = StoredResult {
        failed: reading.count(FAILED)? > 0,
        matches: reading.optional_number(MATCHES)?.unwrap_or_default(),
        bytes: reading.count(BYTES)?,
        pages: reading.optional_number(PAGES)?.unwrap_or_default(),
        body,
    };
    Ok((index, result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::size;
    use crate::table::key;

    /// A drawing with twelve codes on it, 3 KB of JSON.
    fn ordinary() -> String {
        let found = (0..12).map(|at| {
            format!(
                "{{\"code\":{},\"place\":{{\"page\":{}}},\"snippet\":\"…655B Ø{at} DEPTH 40 HOLE-{}Z Ø10.2 DEPTH \
                 55 BH-442A THRU DH-{}…\",\"boxes\":[{{\"x0\":461.{at},\"y0\":277.125,\"x1\":493.25,\"y1\":283.75}}]}}",
                at * 37 % 500,
                at / 4 + 1,
                at * 7_919 % 10_000,
                at * 104_729 % 10_000
            )
        });
        let found: Vec<String> = found.collect();
        format!("{{\"kind\":\"pdf\",\"bytes\":11396,\"pages\":3,\"matches\":[{}]}}", found.join(","))
    }

    #[test]
    fn an_ordinary_result_of_three_kilobytes_bills_one_unit() -> Result<(), PortError> {
        let json = ordinary();
        assert!(json.len() > 2_000, "{} bytes", json.len());
        let body = ResultBody::Inline(json);
        let result = StoredResult { failed: false, matches: 12, bytes: 11_396, pages: 3, body };
        let mut item = encode(&result)?;
        item.extend(key(format!("S#{}#C#65", "0".repeat(32)), sort_key(6_599)));
        assert!(size(&item) <= 1_024, "{} bytes", size(&item));
        assert_eq!(decode(&SessionId("x".to_owned()), &item)?, (6_599, result));
        Ok(())
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for packed in [&b""[..], b"\x02abc", b"\x01\xff\xff", b"\x01"] {
            let mut item = key("p", sort_key(1));
            item.insert(COMPRESSED.to_owned(), bytes(packed.to_vec()));
            let outcome = decode(&SessionId("x".to_owned()), &item);
            assert!(matches!(outcome, Err(PortError::Broken(_))), "{packed:?} gave {outcome:?}");
        }
    }
}
