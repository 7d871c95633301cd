//! Deserialisers that follow JSON Schema where serde differs: `160.0` is a whole number like `160`, and an array of the
//! values of an object's fields is not an object.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, Unexpected};
use serde_json::{Map, Number, Value};

/// Up to this value (2^53) a floating-point number represents every whole number exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Deserialises a whole number in any notation, such as `160`, `160.0` or `1.6e2`.
pub fn whole<'de, D: Deserializer<'de>, T: TryFrom<u64>>(deserializer: D) -> Result<T, D::Error> {
    let given = Number::deserialize(deserializer)?;
    let integer = given.as_u64().or_else(|| given.as_f64().and_then(exact));
    let fitting = integer.and_then(|integer| T::try_from(integer).ok());
    let unexpected = || Unexpected::Float(given.as_f64().unwrap_or(f64::NAN));
    fitting.ok_or_else(|| D::Error::invalid_value(unexpected(), &"a whole number from 0 on, not too large"))
}

/// Deserialises a list of objects. Rejects arrays in place of objects.
pub fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Map<String, Value>>::deserialize(deserializer)?.into_iter();
    let read = |object| serde_json::from_value(Value::Object(object)).map_err(D::Error::custom);
    objects.map(read).collect()
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
    use crate::http::{CompleteParts, SentPart};

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

    #[test]
    fn the_values_of_an_object_are_no_object() {
        let read = |parts: &str| serde_json::from_str::<CompleteParts>(&format!("{{\"parts\":[{parts}]}}"));
        assert!(read("{\"number\":1,\"etag\":\"e\"}").is_ok());
        assert!(read("[1,\"e\"]").is_err());
    }
}
