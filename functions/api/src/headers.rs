//! The headers that every response has, and one form for every refusal.

use axum::body::to_bytes;
use axum::http::{HeaderValue, header};
use axum::response::Response;

use crate::Refusal;

/// The maximum size, in bytes, of a library's refusal text to keep.
const REFUSAL_TEXT_BYTES: usize = 4_096;
/// By default a response is not a page; a page sets its own policy.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Adds the headers that keep browsers from interpreting a response as another type, and from letting other sites embed
/// it. A refusal by a library is converted to a [`Refusal`].
pub async fn with_headers(answer: Response) -> Response {
    let status = answer.status();
    let refused = status.is_client_error() || status.is_server_error();
    let mut answer = if refused && !is_final_form(&answer) {
        let (head, body) = answer.into_parts();
        let text = to_bytes(body, REFUSAL_TEXT_BYTES).await.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let detail = if text.is_empty() { "The request was refused." } else { &text };
        let mut refusal = Response::from(Refusal::new(status, detail));
        // Keep headers such as `Allow`.
        for (name, value) in &head.headers {
            if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
                refusal.headers_mut().append(name, value.clone());
            }
        }
        refusal
    } else {
        answer
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    answer
}

/// Whether a refusal already has the right form, or is a page for a person.
fn is_final_form(answer: &Response) -> bool {
    let kind =
        answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("application/problem+json") || kind.starts_with("text/html")
}
