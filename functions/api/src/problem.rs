//! Refusals: every error is returned as `application/problem+json`.

use std::time::Duration;

use axum::extract::rejection::{BytesRejection, JsonRejection, PathRejection, QueryRejection};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use riffle_contracts::http::Problem;
use riffle_ports::{Exceeded, Failure, PortError};
use riffle_scan::{DeletionError, QueryError};

/// A problem document and its `Retry-After` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    problem: Problem,
    /// When to retry, where a retry helps.
    retry_after: Option<Duration>,
}

impl Refusal {
    /// `detail` is one sentence for a person and says what to do.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
        };
        Self { problem, retry_after: None }
    }

    /// Sets a type and a title, for a problem that clients may want to distinguish.
    #[must_use]
    pub fn named(self, name: &str, title: &str) -> Self {
        let problem = Problem { kind: format!("/problems/{name}"), title: title.to_owned(), ..self.problem };
        Self { problem, ..self }
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The request is well-formed, but cannot be used.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// An internal error. Only the log has the details.
    pub fn broken() -> Self {
        let detail = "An internal error occurred. The operator can find the details in the log.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }
}

impl From<PortError> for Refusal {
    fn from(error: PortError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        let refusal = Self::new(StatusCode::TOO_MANY_REQUESTS, exceeded.to_string());
        let refusal = refusal.named("quota-exceeded", "Quota exceeded");
        Self { retry_after: Some(exceeded.retry_after), ..refusal }
    }
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotFound(what) => Self::not_found(format!("This {what} does not exist.")),
            QueryError::Cursor => {
                Self::bad_request("This cursor does not belong to this list. Start without a cursor.")
            }
            QueryError::Port(error) => error.into(),
        }
    }
}

impl From<DeletionError> for Refusal {
    fn from(error: DeletionError) -> Self {
        match error {
            DeletionError::NotFound => Self::not_found("This scan does not exist."),
            DeletionError::Running => {
                let detail = "The scan is still running. Cancel it first, or wait until it has ended.";
                Self::new(StatusCode::CONFLICT, detail)
            }
            DeletionError::Port(error) => error.into(),
            DeletionError::Failed(failure) => failure.into(),
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        tracing::error!(%failure, "a request failed");
        match failure {
            Failure::Retry(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The platform did not answer. Try again.")
            }
            Failure::Reject(_) => Self::broken(),
        }
    }
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Send the body as JSON, with Content-Type: application/json.",
            ),
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            status => Self::new(status, format!("The request body is not valid: {}.", rejection.body_text())),
        }
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            status => {
                Self::new(status, format!("The request body cannot be read: {}.", rejection.body_text()))
            }
        }
    }
}

/// A path parameter that cannot be parsed names nothing that exists.
impl From<PathRejection> for Refusal {
    fn from(_: PathRejection) -> Self {
        Self::not_found("There is nothing at this address.")
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(format!("The query string is not valid: {}.", rejection.body_text()))
    }
}

fn too_large() -> Refusal {
    let detail = "The request body is larger than this address accepts: see the limits in /api/config.";
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        refusal.into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { problem, retry_after } = self;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).expect("a problem is plain data");
        let mut answer = (status, body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        answer.headers_mut().insert(header::CONTENT_TYPE, kind);
        if let Some(time) = retry_after {
            // Round up, so that clients do not retry too early.
            answer.headers_mut().insert(header::RETRY_AFTER, (time.as_secs() + 1).into());
        }
        answer
    }
}
