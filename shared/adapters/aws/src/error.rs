//! What a failed call means: the one place that tells apart what is worth another try and what someone must
//! mend. Answers (a condition that did not hold, a missing key, a gone connection) are picked out before, by
//! whoever knows the operation.
//!
//! Messages of services may repeat what was sent to them. So a failure names the operation, the resource and
//! the service's code, and carries the message only where permission is missing: it then names role and action.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use riffle_ports::PortError;

/// Codes of "too much, too fast" that come with status 400.
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

/// Codes of a world that is out of order for a moment, with status 400 too.
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
    // Somebody else writes the same item, within a transaction.
    "TransactionConflictException",
    "TransactionInProgressException",
    "ReplicatedWriteConflictException",
];

/// The status of the answer, if there was one.
pub(crate) fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// The service's own word for what is wrong.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// `operation` on `resource` failed, and not with an answer.
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
        // Bytes came that are no answer: something in between broke off.
        SdkError::ResponseError(_) => {
            PortError::Unavailable(format!("{what}: an answer that cannot be read"))
        }
        _ => PortError::Broken(format!("{what}: the request could not be made")),
    }
}

/// What is at the bottom of it: the network's own words, which know nothing of the request.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// Whether `code` names something that passes.
pub(crate) fn passes(code: &str) -> bool {
    THROTTLED.contains(&code) || UNAVAILABLE.contains(&code)
}

fn refused<E: ProvideErrorMetadata>(what: &str, code: &str, error: &SdkError<E>) -> PortError {
    let status = status(error).unwrap_or_default();
    if THROTTLED.contains(&code) || status == 429 {
        return PortError::Unavailable(format!("{what}: throttled ({code})"));
    }
    if UNAVAILABLE.contains(&code) || status >= 500 || status == 408 {
        return PortError::Unavailable(format!("{what}: failed for the moment ({code}, {status})"));
    }
    if code.starts_with("AccessDenied") || code == "ForbiddenException" {
        let message = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or_default();
        return PortError::Broken(format!("{what}: not permitted ({code}) {message}"));
    }
    PortError::Broken(format!("{what}: refused ({code}, {status})"))
}
