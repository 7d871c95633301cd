//! Whole numbers in requests: JSON does not tell `160.0` from `160`, and some clients write the first.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Number;

/// Up to here a floating-point number holds every whole one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number, however it is written.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<T, D::Error> {
    let given = Number::deserialize(deserializer)?;
    let integer = given.as_u64().or_else(|| given.as_f64().and_then(exact));
    let fitting = integer.and_then(|integer| T::try_from(integer).ok());
    let unexpected = || Unexpected::Float(given.as_f64().unwrap_or(f64::NAN));
    fitting.ok_or_else(|| D::Error::invalid_value(unexpected(), &"a whole number from 0 on, not too large"))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn exact(float: f64) -> Option<u64> {
    ((0.0..=EXACT).contains(&float) && float.fract() == 0.0).then_some(float as u64)
}

#[cfg(test)]
mod tests {
    use crate::http::SentPart;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let read = |number: &str| {
            serde_json::from_str::<SentPart>(&format!("{{\"number\":{number},\"etag\":\"e\"}}"))
                .map(|part| part.number)
                .ok()
        };
        assert_eq!([read("160"), read("160.0"), read("1.6e2")], [Some(160); 3]);
        for number in ["1.5", "-1", "-1.0", "4294967296", "1e30", "\"1\"", "null"] {
            assert_eq!(read(number), None, "{number}");
        }
    }
}
