//! Attributes of items: how values are stored, read and sized.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, Utc};
use riffle_ports::PortError;
use serde::de::DeserializeOwned;

use crate::compression::unpack;

/// Limit of an unpacked text in bytes. Items are at most 400 KB.
const LONGEST: usize = 16 << 20;

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn number(value: impl ToString + Copy) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(crate) fn bytes(value: Vec<u8>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

pub(crate) fn numbers(set: &BTreeSet<u32>) -> AttributeValue {
    AttributeValue::Ns(set.iter().map(u32::to_string).collect())
}

/// Returns a time as a number: nanoseconds since 1970. Numbers keep 38 digits, so nothing is lost; they compare in
/// conditions as times do; and 19 digits take 11 bytes, where a text would take 30.
pub(crate) fn nanoseconds(time: DateTime<Utc>) -> i128 {
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

pub(crate) fn time(time: DateTime<Utc>) -> AttributeValue {
    number(nanoseconds(time))
}

/// Returns a text that sorts as the time does: nanoseconds since 1677 as 16 hexadecimal digits. Times beyond the years
/// 1677 to 2262 sort as the first or last of them.
pub(crate) fn sortable(time: DateTime<Utc>) -> String {
    let clamped = nanoseconds(time).clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    format!("{:016x}", clamped - i128::from(i64::MIN))
}

/// An item being read. Errors name the item and the attribute.
#[derive(Clone, Copy)]
pub(crate) struct ItemReader<'a> {
    pub item: &'a Item,
    /// Such as `session 5d0c…`.
    pub what: &'a str,
}

impl ItemReader<'_> {
    fn wrong(&self, name: &str) -> PortError {
        PortError::Broken(format!("{}: the stored attribute {name} cannot be read", self.what))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<String>, PortError> {
        match self.item.get(name) {
            None => Ok(None),
            Some(AttributeValue::S(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<String, PortError> {
        self.optional_text(name)?.ok_or_else(|| self.wrong(name))
    }

    /// Reads a text stored by [`long`](crate::compression::long).
    pub(crate) fn long(&self, name: &str) -> Result<String, PortError> {
        match self.item.get(name) {
            Some(AttributeValue::S(text)) => Ok(text.clone()),
            Some(AttributeValue::B(packed)) => unpack(packed.as_ref(), LONGEST).map_err(|why| {
                PortError::Broken(format!("{}: the stored attribute {name}: {why}", self.what))
            }),
            _ => Err(self.wrong(name)),
        }
    }

    /// Reads JSON stored by [`long`](crate::compression::long).
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, PortError> {
        let read = serde_json::from_str(&self.long(name)?);
        read.map_err(|error| PortError::Broken(format!("{}: {error}", self.what)))
    }

    pub(crate) fn bytes(&self, name: &str) -> Result<&[u8], PortError> {
        match self.item.get(name) {
            Some(AttributeValue::B(blob)) => Ok(blob.as_ref()),
            _ => Err(self.wrong(name)),
        }
    }

    pub(crate) fn optional_number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, PortError> {
        match self.item.get(name) {
            None => Ok(None),
            Some(AttributeValue::N(digits)) => digits.parse().map(Some).map_err(|_| self.wrong(name)),
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<T, PortError> {
        self.optional_number(name)?.ok_or_else(|| self.wrong(name))
    }

    /// Reads a count; a missing one is 0.
    pub(crate) fn count(&self, name: &str) -> Result<u64, PortError> {
        Ok(self.optional_number(name)?.unwrap_or_default())
    }

    /// Reads a set of numbers; a missing one is empty, because a table stores no empty sets.
    pub(crate) fn numbers(&self, name: &str) -> Result<BTreeSet<u32>, PortError> {
        match self.item.get(name) {
            None => Ok(BTreeSet::new()),
            Some(AttributeValue::Ns(digits)) => {
                digits.iter().map(|digits| digits.parse().map_err(|_| self.wrong(name))).collect()
            }
            Some(_) => Err(self.wrong(name)),
        }
    }

    pub(crate) fn optional_time(&self, name: &str) -> Result<Option<DateTime<Utc>>, PortError> {
        let Some(nanoseconds) = self.optional_number::<i128>(name)? else {
            return Ok(None);
        };
        let seconds = i64::try_from(nanoseconds.div_euclid(1_000_000_000)).ok();
        let below = u32::try_from(nanoseconds.rem_euclid(1_000_000_000)).ok();
        let time = seconds.zip(below).and_then(|(seconds, below)| DateTime::from_timestamp(seconds, below));
        time.map(Some).ok_or_else(|| self.wrong(name))
    }

    pub(crate) fn time(&self, name: &str) -> Result<DateTime<Utc>, PortError> {
        self.optional_time(name)?.ok_or_else(|| self.wrong(name))
    }
}

/// Returns the billed size of an item in bytes, as in "DynamoDB item sizes and formats" in the developer guide.
pub(crate) fn size(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::N(digits) => number_size(digits),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        AttributeValue::Ns(numbers) => numbers.iter().map(|digits| number_size(digits)).sum(),
        // This crate stores no other kinds of more than a byte.
        _ => 1,
    }
}

/// One byte for two significant digits, plus one byte, plus one if negative.
fn number_size(digits: &str) -> usize {
    let significant = digits.trim_start_matches('-').trim_end_matches('0').len();
    significant.div_ceil(2) + 1 + usize::from(digits.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_keep_every_digit_also_before_1970() -> Result<(), PortError> {
        for (seconds, below) in [(0, 0), (1_728_000_000, 7), (-1, 999_999_999), (-5_000_000_000, 1)] {
            let moment = DateTime::from_timestamp(seconds, below).expect("a moment");
            let item = Item::from([("at".to_owned(), time(moment))]);
            assert_eq!(ItemReader { item: &item, what: "it" }.time("at")?, moment);
        }
        Ok(())
    }

    #[test]
    fn sizes_are_those_of_the_guide() {
        let item = Item::from([
            ("pk".to_owned(), text("abc")),
            ("n".to_owned(), number(12_345)),
            ("set".to_owned(), numbers(&BTreeSet::from([1, 22, 333]))),
            ("b".to_owned(), bytes(vec![0; 10])),
        ]);
        assert_eq!(size(&item), (2 + 3) + (1 + 4) + (3 + 2 + 2 + 3) + (1 + 10));
    }
}
