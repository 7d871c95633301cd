//! What addresses and forms that others use are signed with, and for how long they are good.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use aws_sdk_s3::presigning::PresigningConfig;
use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use riffle_ports::PortError;
use sha2::Sha256;

/// Signature version 4 takes nothing longer.
const LONGEST: Duration = Duration::from_hours(7 * 24);

/// Whose permission a signature lends.
pub(crate) async fn credentials(config: &SdkConfig) -> Result<Credentials, PortError> {
    let provider = config.credentials_provider();
    let provider = provider.ok_or_else(|| PortError::Broken("no credentials are set".to_owned()))?;
    provider
        .provide_credentials()
        .await
        .map_err(|_| PortError::Broken("no credentials to sign with".to_owned()))
}

/// From `now` for `lifetime`, but no longer than `credentials` last, where they say. (Those in the environment of
/// a function do not; a signature ends with them all the same.) And when that is.
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
    // Whole seconds, as signatures have them.
    let lifetime = Duration::from_secs(lifetime.as_secs());
    if lifetime.is_zero() {
        return Err(PortError::Unavailable("the credentials to sign with have run out".to_owned()));
    }
    let config = PresigningConfig::builder().start_time(now.into()).expires_in(lifetime).build();
    let config = config.map_err(|_| PortError::Broken("no address can be valid so long".to_owned()))?;
    Ok((config, now + TimeDelta::from_std(lifetime).unwrap_or_default()))
}

/// The signature of `text` under a secret key, for one day, region and service.
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
