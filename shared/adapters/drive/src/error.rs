//! The meaning of Google's errors. Their form: `{"error": {"code", "message", "errors": [{"domain", "reason", …}]}}`.

use riffle_ports::PortError;
use serde::Deserialize;

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriveError {
    /// There is no token, or Google no longer accepts it.
    TokenExpired,
    /// Google accepts the token, but not for this call. Another token may work.
    Token(String),
    Missing,
    Changed,
    Denied(String),
    TooLarge {
        size: u64,
        limit: u64,
    },
    TooLargeToExport,
    Unsupported(String),
    Port(PortError),
}

impl std::fmt::Display for DriveError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Token(why) | Self::Denied(why) | Self::Unsupported(why) => f.write_str(why),
            Self::Port(error) => error.fmt(f),
            other => write!(f, "{other:?}"),
        }
    }
}

/// The reaction to a refused call.
#[derive(Debug, PartialEq, Eq)]
pub enum CallRefusal {
    /// Retry later.
    Busy(String),
    For(DriveError),
}

#[derive(Debug, Default, Deserialize)]
struct ErrorBody {
    #[serde(default)]
    error: Details,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    #[serde(default)]
    errors: Vec<Reason>,
}

#[derive(Debug, Deserialize)]
struct Reason {
    #[serde(default)]
    reason: String,
}

/// Returns the meaning of an answer with this status and body. It uses the reasons; the messages are for developers.
pub fn refused(status: u16, body: &[u8]) -> CallRefusal {
    // Proxies in front of the service answer in HTML: then only the status counts.
    let body: ErrorBody = serde_json::from_slice(body).unwrap_or_default();
    let reason = body.error.errors.into_iter().next().map(|first| first.reason).unwrap_or_default();
    let denied = |why: &str| CallRefusal::For(DriveError::Denied(why.to_owned()));
    match (status, reason.as_str()) {
        (401, _) => CallRefusal::For(DriveError::TokenExpired),
        (404, _) => CallRefusal::For(DriveError::Missing),
        (
            403,
            "userRateLimitExceeded"
            | "rateLimitExceeded"
            | "sharingRateLimitExceeded"
            | "dailyLimitExceeded"
            | "quotaExceeded",
        )
        | (408 | 429 | 500..=599, _) => {
            CallRefusal::Busy(format!("Google Drive answered {status} {}", plain(&reason)))
        }
        (403, "exportSizeLimitExceeded") => CallRefusal::For(DriveError::TooLargeToExport),
        (403, "insufficientPermissions" | "insufficientScopes") => CallRefusal::For(DriveError::Token(
            "the access token is not valid for it: it needs the scope drive.readonly".to_owned(),
        )),
        (403, "accessNotConfigured") => CallRefusal::For(DriveError::Token(
            "the Google Drive API is not enabled in the project that the access token belongs to".to_owned(),
        )),
        (403, "insufficientFilePermissions") => denied("it is not shared with the owner of the access token"),
        (403, "cannotDownloadFile" | "downloadRestricted" | "fileNotDownloadable") => {
            denied("its owner does not allow it to be downloaded")
        }
        (403, "cannotDownloadAbusiveFile") => denied("Google classifies it as malware or spam"),
        (403, "domainPolicy") => denied("the rules of its organisation forbid it"),
        (403, _) => denied(&format!("Google Drive answered 403 {}", plain(&reason))),
        (300..=399, _) => {
            let text = format!("Google Drive answered {status}: redirects are not followed");
            CallRefusal::For(DriveError::Port(PortError::Broken(text)))
        }
        _ => {
            let text = format!("Google Drive answered {status} {}", plain(&reason));
            CallRefusal::For(DriveError::Port(PortError::Broken(text)))
        }
    }
}

/// Returns a reason in a form that is safe in logs and reports.
fn plain(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
