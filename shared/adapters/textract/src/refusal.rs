//! The meaning of a failed call: a problem of the picture, of this installation, or a temporary one.

use std::error::Error;

use aws_sdk_textract::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_textract::operation::detect_document_text::DetectDocumentTextError as Refused;
use riffle_ports::{OcrError, PortError};

/// Codes without an error type in the SDK.
const NO_CREDENTIALS: [&str; 7] = [
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "ExpiredToken",
];
const NO_ACCOUNT: [&str; 2] = ["SubscriptionRequiredException", "OptInRequired"];
const NO_OPERATION: [&str; 2] = ["UnknownOperationException", "UnknownEndpoint"];
const THROTTLED: [&str; 3] =
    ["ThrottlingException", "ProvisionedThroughputExceededException", "LimitExceededException"];

/// A resolver's messages for a host name that does not exist. A failed name lookup has other messages and is temporary.
const NO_NAME: [&str; 3] =
    ["Name or service not known", "nodename nor servname provided", "No address associated with hostname"];

const NO_REGION: &str = "Textract is not offered in this region: choose another, or set OCR_BACKEND=off";

pub(crate) fn meaning(error: &SdkError<Refused>) -> OcrError {
    let later = |why: String| PortError::Unavailable(why).into();
    match error {
        SdkError::ServiceError(refused) => refusal(refused.err()),
        SdkError::TimeoutError(_) => later("Textract did not answer in time".to_owned()),
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(is_unknown) => {
            OcrError::Unavailable(NO_REGION.to_owned())
        }
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            later("Textract did not answer in time".to_owned())
        }
        SdkError::DispatchFailure(_) => later(format!("Textract is out of reach: {}", innermost(error))),
        SdkError::ConstructionFailure(_) => {
            OcrError::Unavailable(format!("Textract cannot be called: {}", innermost(error)))
        }
        _ => later(format!("Textract's response cannot be read: {}", innermost(error))),
    }
}

fn refusal(refused: &Refused) -> OcrError {
    let code = refused.code().unwrap_or("no code");
    let message = refused.message().unwrap_or("no reason given");
    let unavailable = |what: &str| OcrError::Unavailable(format!("{what} ({code}: {message})"));
    match refused {
        Refused::UnsupportedDocumentException(_)
        | Refused::BadDocumentException(_)
        | Refused::DocumentTooLargeException(_)
        | Refused::InvalidParameterException(_) => OcrError::Picture(format!(
            "Textract could not read it: {message}. It reads PNG, JPEG and TIFF of up to 10 MB and 10,000 \
             pixels a side"
        )),
        Refused::AccessDeniedException(_) => unavailable(
            "Textract denied access: allow the function's role textract:DetectDocumentText, or set \
             OCR_BACKEND=off",
        ),
        _ if NO_CREDENTIALS.contains(&code) => unavailable("Textract does not recognise the credentials"),
        _ if NO_ACCOUNT.contains(&code) => {
            unavailable("this account is not subscribed to Textract: subscribe it, or set OCR_BACKEND=off")
        }
        _ if NO_OPERATION.contains(&code) => unavailable(NO_REGION),
        _ if THROTTLED.contains(&code) => PortError::Unavailable(format!(
            "more pages a second than the account's Textract quota allows: raise the quota, or lower \
             OCR_PAGES_PER_SECOND ({message})"
        ))
        .into(),
        // The cause is unknown: the call is retried, and a lasting failure becomes visible.
        _ => PortError::Unavailable(format!("Textract failed: {code}: {message}")).into(),
    }
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

fn is_unknown(error: &(impl Error + 'static)) -> bool {
    chain(error).any(|error| {
        let message = error.to_string();
        NO_NAME.iter().any(|known| message.contains(known))
    })
}

/// Returns the innermost cause, because the SDK's outer messages do not state it.
fn innermost(error: &SdkError<Refused>) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io;

    use aws_sdk_textract::error::ConnectorError;

    use super::*;

    #[test]
    fn a_name_that_nobody_has_is_a_region_without_textract() {
        let failed = |why: &str| {
            let error = io::Error::other(format!("failed to lookup address information: {why}"));
            meaning(&SdkError::dispatch_failure(ConnectorError::io(error.into())))
        };
        assert_eq!(failed("Name or service not known"), OcrError::Unavailable(NO_REGION.to_owned()));
        let later = failed("Temporary failure in name resolution");
        assert!(matches!(later, OcrError::Port(PortError::Unavailable(_))), "{later:?}");
    }
}
