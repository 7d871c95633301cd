//! Credentials, lifetimes and signatures of the presigned addresses and upload forms that clients use.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use riffle_ports::PortError;
use sha2::Sha256;

/// The longest lifetime that Signature Version 4 allows.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// Returns the credentials whose permissions a signature carries.
pub(crate) async fn credentials(config: &SdkConfig) -> Result<Credentials, PortError> {
    let provider = config.credentials_provider();
    let provider = provider.ok_or_else(|| PortError::Broken("no credentials are set".to_owned()))?;
    provider
        .provide_credentials()
        .await
        .map_err(|_| PortError::Broken("no credentials to sign with".to_owned()))
}

/// Returns the validity from `now` for `lifetime`, but no longer than `credentials` last, if they state it, and its
/// end. (Credentials in the environment of a function do not state it; a signature still ends with them.)
pub(crate) fn validity(
    credentials: &Credentials,
    now: DateTime<Utc>,
    lifetime: Duration,
) -> Result<(PresigningConfig, DateTime<Utc>), PortError> {
    let mut lifetime = lifetime.min(LONGEST);
    if let Some(expiry) = credentials.expiry() {
        let left = DateTime::<Utc>::from(expiry) - now;
        lifetime = lifetime.min(left.to_std().unwrap_or_default());
    }
    // Whole seconds, as signatures require.
    let lifetime = Duration::from_secs(lifetime.as_secs());
    if lifetime.is_zero() {
        return Err(PortError::Unavailable("the credentials to sign with have run out".to_owned()));
    }
    let config = PresigningConfig::builder().start_time(now.into()).expires_in(lifetime).build();
    let config = config.map_err(|_| PortError::Broken("an address cannot be valid that long".to_owned()))?;
    Ok((config, now + TimeDelta::from_std(lifetime).unwrap_or_default()))
}

/// Returns the signature of `text` under a secret key, for one day and region and S3.
pub(crate) fn signature(secret: &str, day: &str, region: &str, text: &str) -> String {
    let scope = [day, region, "s3", "aws4_request"];
    let key = scope.iter().fold(format!("AWS4{secret}").into_bytes(), |key, part| mac(&key, part));
    HEXLOWER.encode(&mac(&key, text))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
