//! The notifications that a bucket sends when an object is created, reduced to the fields that are used.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The body of a notification. A test event, which S3 sends when notifications are configured, has no records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketNotification {
    #[serde(rename = "Records", default)]
    pub records: Vec<BucketRecord>,
    /// `s3:TestEvent` in a test event, which announces no object.
    #[serde(rename = "Event", default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketRecord {
    /// Such as `ObjectCreated:Put`.
    #[serde(rename = "eventName")]
    pub event_name: String,
    pub s3: BucketEntity,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketEntity {
    pub bucket: BucketName,
    pub object: BucketObject,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketName {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketObject {
    /// Encoded as in an HTML form: `+` is a space. See [`Self::decoded_key`].
    pub key: String,
    #[serde(default)]
    pub size: u64,
    #[serde(rename = "eTag", default)]
    pub etag: String,
    #[serde(rename = "versionId", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// The error for a key in a notification that is not percent-encoded UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoKey;

impl std::fmt::Display for NoKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key in a bucket's notification has an invalid encoding")
    }
}

impl std::error::Error for NoKey {}

impl BucketObject {
    /// Returns the decoded key of the object.
    pub fn decoded_key(&self) -> Result<String, NoKey> {
        let spaced = self.key.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| NoKey)
    }

    /// Encodes a key as notifications do.
    pub fn encoded_key(key: &str) -> String {
        use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
        const PLAIN: &AsciiSet =
            &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');
        utf8_percent_encode(key, PLAIN).to_string().replace(' ', "+")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(key: &str) -> BucketObject {
        BucketObject { key: key.to_owned(), size: 0, etag: String::new(), version: None }
    }

    #[test]
    fn keys_are_encoded_as_forms_are() {
        assert_eq!(object("a+b%2Bc/%C3%A4").decoded_key(), Ok("a b+c/ä".to_owned()));
        assert_eq!(object("%FF").decoded_key(), Err(NoKey));
        for key in ["statements/t/a b+c%20.csv", "ä/ö?&=#\u{202e}"] {
            assert_eq!(object(&BucketObject::encoded_key(key)).decoded_key().as_deref(), Ok(key));
        }
    }
}
