//! The meaning of Google's errors. Their form: `{"error": {"code", "message", "errors": [{"domain", "reason", …}]}}`.

use riffle_ports::PortError;
use serde::Deserialize;

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
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

impl std::fmt::Display for Trouble {
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
pub enum Refused {
    /// Retry later.
    Busy(String),
    For(Trouble),
}

#[derive(Debug, Default, Deserialize)]
struct Body {
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
pub fn refused(status: u16, body: &[u8]) -> Refused {
    // Proxies in front of the service answer in HTML: then only the status counts.
    let body: Body = serde_json::from_slice(body).unwrap_or_default();
    let reason = body.error.errors.into_iter().next().map(|first| first.reason).unwrap_or_default();
    let denied = |why: &str| Refused::For(Trouble::Denied(why.to_owned()));
    match (status, reason.as_str()) {
        (401, _) => Refused::For(Trouble::TokenExpired),
        (404, _) => Refused::For(Trouble::Missing),
        (
            403,
            "userRateLimitExceeded"
            | "rateLimitExceeded"
            | "sharingRateLimitExceeded"
            | "dailyLimitExceeded"
            | "quotaExceeded",
        )
        | (408 | 429 | 500..=599, _) => {
            Refused::Busy(format!("Google Drive answered {status} {}", plain(&reason)))
        }
        (403, "exportSizeLimitExceeded") => Refused::For(Trouble::TooLargeToExport),
        (403, "insufficientPermissions" | "insufficientScopes") => Refused::For(Trouble::Token(
            "the access token is not valid for it: it needs the scope drive.readonly".to_owned(),
        )),
        (403, "accessNotConfigured") => Refused::For(Trouble::Token(
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
            Refused::For(Trouble::Port(PortError::Broken(text)))
        }
        _ => {
            let text = format!("Google Drive answered {status} {}", plain(&reason));
            Refused::For(Trouble::Port(PortError::Broken(text)))
        }
    }
}

/// Returns a reason in a form that is safe in logs and reports.
fn plain(reason: &str) -> String {
    reason.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}
