//! Limits on what one tenant may use in a period, so that no tenant starves the others or causes unlimited cost.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{Clock, PortError};

/// A kind of use that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CountedUse {
    /// HTTP requests and WebSocket messages.
    Requests,
    /// Started scans.
    Scans,
    /// Bytes of announced uploads.
    UploadBytes,
    /// Pictures read by paid OCR.
    OcrPages,
}

impl CountedUse {
    /// Returns the name under which stores keep the count.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Scans => "scans",
            Self::UploadBytes => "upload_bytes",
            Self::OcrPages => "ocr_pages",
        }
    }

    /// Returns the length of a window, after which counts start again. Windows are counted from 1970 in UTC.
    pub fn window(self) -> Duration {
        match self {
            Self::Requests => Duration::from_mins(1),
            Self::Scans | Self::UploadBytes | Self::OcrPages => Duration::from_hours(24),
        }
    }
}

/// The limits of a tenant's use in one window. `None`: no limit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaLimits {
    pub requests_per_minute: Option<u64>,
    pub scans_per_day: Option<u64>,
    pub upload_bytes_per_day: Option<u64>,
    pub ocr_pages_per_day: Option<u64>,
}

impl Default for QuotaLimits {
    /// Returns limits above what people need for work, which still bound the cost that one tenant can cause.
    fn default() -> Self {
        Self {
            requests_per_minute: Some(6_000),
            scans_per_day: Some(1_000),
            upload_bytes_per_day: Some(1 << 40),
            ocr_pages_per_day: Some(20_000),
        }
    }
}

impl QuotaLimits {
    fn of(&self, used: CountedUse) -> Option<u64> {
        match used {
            CountedUse::Requests => self.requests_per_minute,
            CountedUse::Scans => self.scans_per_day,
            CountedUse::UploadBytes => self.upload_bytes_per_day,
            CountedUse::OcrPages => self.ocr_pages_per_day,
        }
    }
}

/// A refusal: the requested amount is more than is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    pub used: CountedUse,
    pub limit: u64,
    /// The time until counts start again.
    pub retry_after: Duration,
}

impl fmt::Display for Exceeded {
    /// Writes one sentence for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, retry_after, .. } = self;
        let minutes = retry_after.as_secs().div_ceil(60);
        match self.used {
            CountedUse::Requests => {
                let seconds = retry_after.as_secs().max(1);
                write!(f, "Your organisation can make {limit} requests a minute: try again in {seconds} s.")
            }
            CountedUse::Scans => {
                write!(f, "Your organisation can start {limit} scans a day: try again in {minutes} minutes.")
            }
            CountedUse::UploadBytes => {
                write!(f, "Your organisation can upload {limit} bytes a day: try again in {minutes} minutes.")
            }
            CountedUse::OcrPages => {
                write!(
                    f,
                    "Your organisation can have {limit} pictures a day read by OCR: try again in {minutes} \
                     minutes."
                )
            }
        }
    }
}

/// A store of counts of use.
#[async_trait]
pub trait UsageCounters: Send + Sync {
    /// Adds `amount` to the count of `tenant` in `window` (its start and end), unless the sum would exceed `limit`.
    /// Returns whether it was added. The count may be removed after the window's end.
    ///
    /// Atomic: concurrent calls together never exceed `limit`. If a response is lost and the call is repeated, `amount`
    /// may be added twice.
    async fn add(
        &self,
        tenant: &str,
        used: CountedUse,
        window: (DateTime<Utc>, DateTime<Utc>),
        amount: u64,
        limit: u64,
    ) -> Result<bool, PortError>;
}

/// The quotas of all tenants. Cheap to clone.
#[derive(Clone, Default)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Quotas(Option<Counting>);

#[derive(Clone)]
struct Counting {
    counters: Arc<dyn UsageCounters>,
    clock: Arc<dyn Clock>,
    limits: QuotaLimits,
}

impl Quotas {
    /// Returns quotas without limits, for installations where everything belongs to the user.
    pub fn none() -> Self {
        Self::default()
    }

    pub fn new(counters: Arc<dyn UsageCounters>, clock: Arc<dyn Clock>, limits: QuotaLimits) -> Self {
        Self(Some(Counting { counters, clock, limits }))
    }

    /// Counts an amount before it is used, or refuses it. A counted amount stays counted, even if it is not used
    /// afterwards.
    pub async fn take(
        &self,
        tenant: &str,
        used: CountedUse,
        amount: u64,
    ) -> Result<Result<(), Exceeded>, PortError> {
        let Some(Counting { counters, clock, limits }) = &self.0 else { return Ok(Ok(())) };
        let Some(limit) = limits.of(used) else { return Ok(Ok(())) };
        let now = clock.now();
        let window = window(used, now);
        if amount <= limit && counters.add(tenant, used, window, amount, limit).await? {
            return Ok(Ok(()));
        }
        let retry_after = (window.1 - now).to_std().unwrap_or_default();
        Ok(Err(Exceeded { used, limit, retry_after }))
    }
}

/// Returns the start and end of the window that contains this moment.
fn window(used: CountedUse, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let seconds = used.window().as_secs().cast_signed();
    let start = now.timestamp().div_euclid(seconds) * seconds;
    let at = |second| DateTime::from_timestamp(second, 0).unwrap_or(now);
    (at(start), at(start + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_utc() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let day = (at("2026-02-28T00:00:00Z"), at("2026-03-01T00:00:00Z"));
        assert_eq!(window(CountedUse::Scans, day.0), day);
        assert_eq!(window(CountedUse::Scans, at("2026-02-28T23:59:59.999Z")), day);
        let minute = (at("2026-02-28T10:07:00Z"), at("2026-02-28T10:08:00Z"));
        assert_eq!(window(CountedUse::Requests, at("2026-02-28T10:07:30Z")), minute);
    }

    #[test]
    fn what_is_not_named_has_its_usual_limit_and_null_none() {
        let limits: QuotaLimits =
            serde_json::from_str(r#"{"scans_per_day": 5, "ocr_pages_per_day": null}"#).expect("limits");
        assert_eq!((limits.scans_per_day, limits.ocr_pages_per_day), (Some(5), None));
        assert_eq!(limits.requests_per_minute, QuotaLimits::default().requests_per_minute);
        assert!(
            serde_json::from_str::<QuotaLimits>(r#"{"scan_per_day": 5}"#).is_err(),
            "an unknown name is refused"
        );
    }
}
