//! Errors in Google's form.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriveFault {
    InvalidCredentials,
    UserRateLimit,
    RateLimit,
    TooManyRequests,
    NoPermission,
    NoDownload,
    /// The token may read other things, but not Drive.
    Scope,
    ExportTooLarge,
    NotDownloadable,
    NotExportable,
    NotFound,
    BadRequest,
    Backend,
    Unavailable,
    /// An error of the front end before the service, in HTML.
    BadGateway,
    /// To another host.
    Redirect,
    /// The answer ends before it is complete.
    Cut,
}

/// Status, domain, reason, message.
type KnownError = (u16, &'static str, &'static str, &'static str);

impl DriveFault {
    fn known(self) -> KnownError {
        match self {
            Self::InvalidCredentials => (401, "global", "authError", "Invalid Credentials"),
            Self::UserRateLimit => (403, "usageLimits", "userRateLimitExceeded", "User Rate Limit Exceeded"),
            Self::RateLimit => (403, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
            Self::TooManyRequests => (429, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded"),
            Self::NoPermission => (
                403,
                "global",
                "insufficientFilePermissions",
                "The user does not have sufficient permissions for this file.",
            ),
            Self::NoDownload => {
                (403, "global", "cannotDownloadFile", "This file cannot be downloaded by the user.")
            }
            Self::Scope => {
                (403, "global", "insufficientPermissions", "Request had insufficient authentication scopes.")
            }
            Self::ExportTooLarge => {
                (403, "global", "exportSizeLimitExceeded", "This file is too large to be exported.")
            }
            Self::NotDownloadable => (
                403,
                "global",
                "fileNotDownloadable",
                "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
            ),
            Self::NotExportable => {
                (403, "global", "fileNotExportable", "Export only supports Docs Editors files.")
            }
            Self::NotFound => (404, "global", "notFound", "File not found."),
            Self::BadRequest => (400, "global", "invalid", "Invalid Value"),
            Self::Backend => (500, "global", "backendError", "Backend Error"),
            Self::Unavailable => (503, "global", "backendError", "Transient failure"),
            Self::BadGateway => (502, "", "", ""),
            Self::Redirect => (302, "", "", ""),
            Self::Cut => (200, "", "", ""),
        }
    }
}

impl IntoResponse for DriveFault {
    fn into_response(self) -> Response {
        let (code, domain, reason, message) = self.known();
        let status = StatusCode::from_u16(code).expect("a status");
        match self {
            Self::BadGateway => return (status, "<html>502 Bad Gateway</html>").into_response(),
            Self::Redirect => {
                let elsewhere = [(header::LOCATION, "http://169.254.169.254/latest/meta-data/")];
                return (status, elsewhere).into_response();
            }
            Self::Cut => {
                let pieces = [Ok(Bytes::from_static(b"{\"files\": [")), Err(std::io::Error::other("cut"))];
                return axum::body::Body::from_stream(futures::stream::iter(pieces)).into_response();
            }
            _ => {}
        }
        let mut error = json!({ "domain": domain, "reason": reason, "message": message });
        if code == 401 {
            error["location"] = json!("Authorization");
            error["locationType"] = json!("header");
        }
        let body = json!({ "error": { "code": code, "message": message, "errors": [error] } });
        let mut response = (status, Json(body)).into_response();
        if code == 401 {
            let realm = HeaderValue::from_static(
                "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"",
            );
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}
