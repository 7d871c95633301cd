//! Classifies failed calls: the only place that separates failures worth a retry from failures that need a fix. Answers
//! (a condition that did not hold, a missing key, a closed connection) are picked out earlier, by the caller that knows
//! the operation.
//!
//! Services' messages may repeat the content of a request. So a failure names the operation, the resource and the
//! service's code, and includes the message only if permission is missing: it then names the role and the action.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use riffle_ports::PortError;

/// Codes of throttling that come with status 400.
const THROTTLED: [&str; 12] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "KMSThrottlingException",
    "SlowDown",
];

/// Codes of temporary failures that also come with status 400.
const UNAVAILABLE: [&str; 12] = [
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalServerError",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
    "KMSInternalException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    // Another writer is changing the same item within a transaction.
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

/// Returns the status of the answer, if there was one.
pub(crate) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Returns the service's error code.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// Returns the port error for a failure of `operation` on `resource` that the caller does not handle itself.
pub(crate) fn failure<E: ProvideErrorMetadata>(
    operation: &str,
    resource: &str,
    error: &SdkError<E>,
) -> PortError {
    let what = format!("{operation} on {resource}");
    match error {
        SdkError::TimeoutError(_) => PortError::Unavailable(format!("{what}: no answer in time")),
        SdkError::DispatchFailure(dispatch) => {
            let cause = dispatch.as_connector_error().map_or_else(String::new, |error| innermost(error));
            PortError::Unavailable(format!("{what}: out of reach ({cause})"))
        }
        SdkError::ServiceError(_) => refused(&what, code(error).unwrap_or("no code"), error),
        // The bytes received are not an answer: something in between closed the connection.
        SdkError::ResponseError(_) => PortError::Unavailable(format!("{what}: the response cannot be read")),
        _ => PortError::Broken(format!("{what}: the request could not be made")),
    }
}

/// Returns the innermost cause: the network's own message, which contains nothing of the request.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Returns whether `code` names a temporary failure.
pub(crate) fn passes(code: &str) -> bool {
    THROTTLED.contains(&code) || UNAVAILABLE.contains(&code)
}

fn refused<E: ProvideErrorMetadata>(what: &str, code: &str, error: &SdkError<E>) -> PortError {
    let status = status(error).unwrap_or_default();
    if THROTTLED.contains(&code) || status == 429 {
        return PortError::Unavailable(format!("{what}: throttled ({code})"));
    }
    if UNAVAILABLE.contains(&code) || status >= 500 || status == 408 {
        return PortError::Unavailable(format!("{what}: failed temporarily ({code}, {status})"));
    }
    if code.starts_with("AccessDenied") || code == "ForbiddenException" {
        let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
        return PortError::Broken(format!("{what}: not permitted ({code}) {message}"));
    }
    PortError::Broken(format!("{what}: refused ({code}, {status})"))
}
