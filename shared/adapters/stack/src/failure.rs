//! Failed calls, in words for the operator of the stack.

use std::error::Error;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

/// A failed call: the operation, and the message of the service or the connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {why}")]
pub struct CallError {
    pub operation: &'static str,
    /// The service's code, if it answered.
    pub code: Option<String>,
    pub why: String,
}

impl CallError {
    /// Returns whether a permission is missing.
    pub fn is_denied(&self) -> bool {
        self.code
            .as_deref()
            .is_some_and(|code| code.contains("AccessDenied") || code.contains("Unauthorized"))
    }
}

pub(crate) fn failed<E, R>(operation: &'static str) -> impl FnOnce(SdkError<E, R>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    move |error| {
        let code = error.code().map(str::to_owned);
        let why = match (&code, error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.clone(),
            (None, _) => causes(&error),
        };
        CallError { operation, code, why }
    }
}

/// Returns an error with its causes, on one line: missing credentials, an unknown host name, a certificate.
fn causes(error: &dyn Error) -> String {
    let (mut texts, mut next) = (Vec::new(), Some(error));
    while let Some(error) = next {
        texts.push(error.to_string().split_whitespace().collect::<Vec<_>>().join(" "));
        next = error.source();
    }
    texts.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("dispatch failure")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("no credentials. Attempted:\n  Environment")]
    struct Inner;

    #[test]
    fn what_did_not_answer_is_told_on_one_line() {
        assert_eq!(causes(&Outer(Inner)), "dispatch failure: no credentials. Attempted: Environment");
    }
}
