//! The stable addresses: reports and files.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use riffle_ports::{Entry, FileSource, PortError, ReadError, SessionId, Source};

use crate::platform::{Platform, TENANT};

pub async fn report(State(platform): State<Arc<Platform>>, Path(session): Path<String>) -> Response {
    match platform.functions.scan.report(TENANT, &SessionId(session.clone())).await {
        Ok(Some(report)) => (
            [
                (
                    header::CONTENT_TYPE,
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned(),
                ),
                (header::CONTENT_DISPOSITION, attachment(&format!("riffle-{session}.xlsx"))),
            ],
            report,
        )
            .into_response(),
        Ok(None) => missing("there is no such report, or its scan has not finished"),
        Err(error) => unavailable(&error),
    }
}

pub async fn file(
    State(platform): State<Arc<Platform>>,
    Path((session, index)): Path<(String, u32)>,
) -> Response {
    let (source, entry) = match platform.functions.scan.file(TENANT, &SessionId(session), index).await {
        Ok(Some(found)) => found,
        Ok(None) => return missing("there is no such file in that scan"),
        Err(error) => return unavailable(&error),
    };
    let content = match read(&platform, &source, &entry).await {
        Ok(content) => content,
        Err(ReadError::Port(error)) => return unavailable(&error),
        Err(error) => return missing(&error.to_string()),
    };
    let name = entry.name.rsplit('/').next().unwrap_or_default();
    // Only what a browser shows without running it is shown; the rest is saved.
    let (kind, disposition) = if content.starts_with(b"%PDF-") {
        ("application/pdf", "inline".to_owned())
    } else {
        ("application/octet-stream", attachment(name))
    };
    (
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
        ],
        content,
    )
        .into_response()
}

async fn read(platform: &Platform, source: &Source, entry: &Entry) -> Result<Bytes, ReadError> {
    let opened = platform.source.open(source, entry).await?;
    tokio::task::spawn_blocking(move || riffle_ports::read_all(&*opened))
        .await
        .unwrap_or_else(|error| Err(ReadError::Port(PortError::Unavailable(error.to_string()))))
}

/// A file name in a header, by RFC 6266.
fn attachment(name: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{name}")
}

fn missing(why: &str) -> Response {
    (StatusCode::NOT_FOUND, why.to_owned()).into_response()
}

pub fn unavailable(error: &PortError) -> Response {
    tracing::error!(%error, "a request failed");
    (StatusCode::SERVICE_UNAVAILABLE, "the platform did not answer; try again").into_response()
}
