//! Cursors of lists, as clients send them back.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

/// The end of a page of a list that is ordered by time. As text: seconds, nanoseconds and id, separated by dots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor {
    pub at: DateTime<Utc>,
    /// 32 hexadecimal digits.
    pub id: String,
}

impl PageCursor {
    /// Matches every cursor, and only cursors.
    pub const PATTERN: &str = r"^[0-9]{1,11}\.[0-9]{1,9}\.[0-9a-f]{32}$";
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at.timestamp(), self.at.timestamp_subsec_nanos(), self.id)
    }
}

/// The error for a text that is not a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCursor;

impl FromStr for PageCursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (seconds, rest) = text.split_once('.').ok_or(NoCursor)?;
        let (nanos, id) = rest.split_once('.').ok_or(NoCursor)?;
        let (seconds, nanos) = (number(seconds, 11).ok_or(NoCursor)?, number(nanos, 9).ok_or(NoCursor)?);
        let at = DateTime::from_timestamp(seconds, nanos).ok_or(NoCursor)?;
        let hex = id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex { Ok(Self { at, id: id.to_owned() }) } else { Err(NoCursor) }
    }
}

/// Parses a number of 1 to `most` digits. Returns `None` for a text with any other character.
pub fn number<T: FromStr>(text: &str, most: usize) -> Option<T> {
    let digits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_nonsense_does_not() {
        let id = "00112233445566778899aabbccddeeff";
        for nanos in [0, 7, 999_999_999] {
            let at = DateTime::from_timestamp(1_700_000_000, nanos).expect("a time");
            let cursor = PageCursor { at, id: id.to_owned() };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        assert!(format!("99999999999.999999999.{id}").parse::<PageCursor>().is_ok(), "the last that fits");
        for start in
            ["", "1", "1.", "1.2.3.", "x.0.", "1.x.", "1.-1.", "+1.0.", "100000000000.0.", "1.0000000000."]
        {
            assert_eq!(format!("{start}{id}").parse::<PageCursor>(), Err(NoCursor), "{start}");
        }
        for end in ["", "00ff", &id.to_uppercase(), &id.replace('0', "g"), &format!("{id}0")] {
            assert_eq!(format!("1.0.{end}").parse::<PageCursor>(), Err(NoCursor), "{end}");
        }
    }
}
