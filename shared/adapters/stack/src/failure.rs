//! What a refused or lost call says to who operates the stack.

use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A call that failed: the operation, and what the service or the way to it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {why}")]
pub struct Failed {
    pub operation: &'static str,
    /// The service's code, where it answered.
    pub code: Option<String>,
    pub why: String,
}

impl Failed {
    /// Whether it is permission that is missing.
    pub fn is_denied(&self) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| code.contains("AccessDenied") || code.contains("Unauthorized"))
    }
}

pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> Failed
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    move |error| {
        let code = error.code().map(str::to_owned);
        let why = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => DisplayErrorContext(&error).to_string(),
        };
        Failed { operation, code, why }
    }
}
