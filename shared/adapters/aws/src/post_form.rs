//! The signed form by which a browser posts one file to S3. The SDK cannot create one.
//!
//! See "Browser-Based Uploads Using POST (AWS Signature Version 4)" in the S3 API reference.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Credentials;
use aws_sdk_s3::presigning::PresigningConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use riffle_ports::{Clock, PortError, PostForm};
use serde_json::json;

use crate::error::failure;
use crate::objects::check;
use crate::signing::{credentials, signature, validity};

/// The contents of a form: one file of `size` bytes, under this key, until `expires_at`.
struct Allowed<'a> {
    bucket: &'a str,
    key: &'a str,
    size: u64,
    /// Fields `x-amz-meta-…`; the values contain only characters valid in a header.
    metadata: BTreeMap<String, String>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Creates a form that allows its holder to post one file of `size` bytes to `key` of the bucket, within `lifetime`.
pub(crate) async fn form(
    client: &Client,
    config: &SdkConfig,
    clock: &dyn Clock,
    (bucket, key, size): (&str, &str, u64),
    metadata: BTreeMap<String, String>,
    lifetime: Duration,
) -> Result<PostForm, PortError> {
    check(key)?;
    let credentials = credentials(config).await?;
    let now = clock.now();
    let (validity, expires_at) = validity(&credentials, now, lifetime)?;
    let region = config.region().map(AsRef::as_ref).unwrap_or_default();
    let allowed = Allowed { bucket, key, size, metadata, now, expires_at };
    let fields = fields(&allowed, &credentials, region);
    Ok(PostForm { url: address(client, bucket, validity).await?, fields })
}

/// Returns the fields of the form. The policy binds every field except the signature, and the signature binds the
/// policy: S3 refuses the form with any other value.
fn fields(allowed: &Allowed<'_>, credentials: &Credentials, region: &str) -> BTreeMap<String, String> {
    let day = allowed.now.format("%Y%m%d").to_string();
    let scope = format!("{}/{day}/{region}/s3/aws4_request", credentials.access_key_id());
    let mut fields = allowed.metadata.clone();
    let mut put = |name: &str, value: String| fields.insert(name.to_owned(), value);
    put("key", allowed.key.to_owned());
    put("x-amz-algorithm", "AWS4-HMAC-SHA256".to_owned());
    put("x-amz-credential", scope);
    put("x-amz-date", allowed.now.format("%Y%m%dT%H%M%SZ").to_string());
    if let Some(token) = credentials.session_token() {
        put("x-amz-security-token", token.to_owned());
    }
    let mut conditions = vec![
        json!({ "bucket": allowed.bucket }),
        json!(["content-length-range", allowed.size, allowed.size]),
    ];
    conditions.extend(fields.iter().map(|(name, value)| json!(["eq", format!("${name}"), value])));
    let expiration = allowed.expires_at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let policy = STANDARD.encode(json!({ "expiration": expiration, "conditions": conditions }).to_string());
    let signed = signature(credentials.secret_access_key(), &day, region, &policy);
    fields.insert("x-amz-signature".to_owned(), signed);
    fields.insert("policy".to_owned(), policy);
    fields
}

/// Returns the address to post to: the SDK's rules derive it from endpoint, region and bucket.
async fn address(client: &Client, bucket: &str, validity: PresigningConfig) -> Result<String, PortError> {
    let probe = client.get_object().bucket(bucket).key("k").presigned(validity).await;
    let probe = probe.map_err(|error| failure("signing for", bucket, &error))?;
    let address = probe.uri().split('?').next().and_then(|address| address.strip_suffix('k'));
    address.map(str::to_owned).ok_or_else(|| PortError::Broken("a bucket without an address".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_signed_as_in_the_reference() {
        // The example of "Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
        let policy = "\
eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2\
NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMt\
cmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29t\
L3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4\
LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRpb24iOiAiQUVTMjU2In0s\
DQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZP\
RE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxnb3JpdGhtIjogIkFXUzQtSE1B\
Qy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9";
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        assert_eq!(
            signature(secret, "20151229", "us-east-1", policy),
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[test]
    fn temporary_credentials_are_bound_too() {
        let credentials = Credentials::new("AKID", "secret", Some("the session".to_owned()), None, "test");
        let now = DateTime::from_timestamp(1_451_347_200, 5).expect("a moment");
        let expires_at = now + chrono::TimeDelta::hours(1);
        let key = "uploaded/x/files/0000001";
        let metadata = BTreeMap::from([("x-amz-meta-name".to_owned(), "a%20b".to_owned())]);
        let allowed = Allowed { bucket: "b", key, size: 3, metadata, now, expires_at };
        let fields = fields(&allowed, &credentials, "eu-west-1");
        assert_eq!(fields["x-amz-security-token"], "the session");
        assert_eq!(fields["x-amz-meta-name"], "a%20b");
        let policy = STANDARD.decode(&fields["policy"]).expect("base64");
        let policy: serde_json::Value = serde_json::from_slice(&policy).expect("JSON");
        assert_eq!(policy["expiration"], "2015-12-29T01:00:00.000Z");
        let conditions = policy["conditions"].as_array().expect("a list");
        for expected in [
            json!({ "bucket": "b" }),
            json!(["content-length-range", 3, 3]),
            json!(["eq", "$key", "uploaded/x/files/0000001"]),
            json!(["eq", "$x-amz-security-token", "the session"]),
            json!(["eq", "$x-amz-meta-name", "a%20b"]),
            json!(["eq", "$x-amz-credential", "AKID/20151229/eu-west-1/s3/aws4_request"]),
        ] {
            assert!(conditions.contains(&expected), "{expected} in {conditions:?}");
        }
    }
}
