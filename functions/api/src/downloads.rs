//! The stable download addresses: reports and files.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use futures::channel::mpsc;
use futures::executor::block_on;
use futures::{SinkExt, StreamExt};
use riffle_ports::{Content, Opened, PortError, ReadError, SessionId};
use riffle_scan::drive_page;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Path};
use crate::pages::unopened;

/// Up to this size, in bytes, a file is read whole and checked to be complete before the response begins.
const AT_ONCE: u64 = 4 << 20;
/// The number of bytes of a larger file that are read at a time.
const PIECE: usize = 1 << 20;
/// The bytes that a PDF file begins with.
const MARK: &[u8] = b"%PDF-";

/// Returns the report of a finished scan, an Excel workbook. This address is permanent.
#[utoipa::path(
    get,
    path = "/scans/{id}/report.xlsx",
    operation_id = "download_report",
    tag = "downloads",
    params(("id" = inline(Id), Path)),
    responses((
        status = 200,
        body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ))
)]
pub async fn report(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Response> {
    let id = SessionId(id);
    let Some(report) = caller.deps.scan.report(&caller.tenant, &id).await? else {
        return Err(Refusal::not_found("This report does not exist, or its scan has not finished."));
    };
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet".to_owned();
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, attachment(&format!("riffle-{id}.xlsx"))),
    ];
    Ok((headers, report).into_response())
}

/// Returns a file of a scan, as long as it is still the version that the scan read. This address is permanent. For a
/// file of Google Drive it redirects to Google, which shows the file to people who are signed in there.
#[utoipa::path(
    get,
    path = "/scans/{id}/files/{index}",
    operation_id = "download_file",
    tag = "downloads",
    params(("id" = inline(Id), Path), ("index" = u32, Path, maximum = 4_294_967_295_i64)),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 307, description = "Redirects to the file's page in Google Drive")
    )
)]
pub async fn file(caller: Caller, Path((Id(id), index)): Path<(Id, u32)>) -> Answer<Response> {
    let Some((source, entry)) = caller.deps.scan.file(&caller.tenant, &SessionId(id), index).await? else {
        return Err(Refusal::not_found("This file does not exist in this scan."));
    };
    if let Some(page) = drive_page(&source, &entry) {
        return Ok(Redirect::temporary(&page).into_response());
    }
    let opened = caller.deps.files.open(&source, &entry).await.map_err(unreadable)?;
    let (begins, size, body) = contents(opened).await.map_err(unreadable)?;
    let mut headers = HeaderMap::new();
    // Only a kind that browsers show without running it is shown inline; every other file is saved.
    let (kind, disposition) = if begins.starts_with(MARK) {
        ("application/pdf", "inline".to_owned())
    } else {
        ("application/octet-stream", attachment(entry.name.rsplit('/').next().unwrap_or_default()))
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    let policy = HeaderValue::from_static("sandbox; default-src 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok((headers, body).into_response())
}

/// Returns the first bytes of a file, its size, and its content.
async fn contents(opened: Box<dyn Opened>) -> Result<(Bytes, u64, Body), ReadError> {
    let large = matches!(opened.content(), Content::File(_, size) if size > AT_ONCE);
    if large {
        return stream(opened.into()).await;
    }
    let content = elsewhere(move || riffle_ports::read_all(&*opened)).await??;
    Ok((content.slice(..content.len().min(MARK.len())), content.len() as u64, Body::from(content)))
}

/// Streams a large file in pieces. If it cannot be finished, because the file shrank or is a different file at the end,
/// the response is cut off, so that the client does not take it for complete.
async fn stream(opened: Arc<dyn Opened>) -> Result<(Bytes, u64, Body), ReadError> {
    let (mut pieces, received) = mpsc::channel::<io::Result<Bytes>>(2);
    let reading = Arc::clone(&opened);
    let begin = elsewhere(move || piece(&*reading, 0, MARK.len())).await?.map_err(unavailable)?;
    let Content::File(_, size) = opened.content() else {
        return Err(unavailable(io::Error::other("a large file is a file")).into());
    };
    let read_on = move || {
        let mut at = 0;
        while at < size {
            let read = piece(&*opened, at, PIECE).and_then(|piece| {
                at += piece.len() as u64;
                let whole = at < size || opened.confirm().is_ok();
                if whole && !piece.is_empty() { Ok(piece) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            });
            let failed = read.is_err();
            // Stop when the client has gone or after an error.
            if block_on(pieces.send(read)).is_err() || failed {
                return;
            }
        }
    };
    drop(tokio::task::spawn_blocking(read_on));
    Ok((begin, size, Body::from_stream(received.map(|piece| piece))))
}

/// Reads up to `most` bytes of the file, starting at `at`.
fn piece(opened: &dyn Opened, at: u64, most: usize) -> io::Result<Bytes> {
    let Content::File(file, size) = opened.content() else {
        return Err(io::Error::other("a large file is a file"));
    };
    let left = usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX);
    let mut piece = vec![0; left.min(most)];
    let read = file.read_at(&mut piece, at)?;
    piece.truncate(read);
    Ok(piece.into())
}

async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PortError> {
    let ended = |error: tokio::task::JoinError| PortError::Unavailable(error.to_string());
    tokio::task::spawn_blocking(work).await.map_err(ended)
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn unavailable(error: io::Error) -> PortError {
    PortError::Unavailable(error.to_string())
}

fn unreadable(error: ReadError) -> Refusal {
    match error {
        ReadError::Port(error) => error.into(),
        error => unopened(&error),
    }
}

/// Returns a Content-Disposition value with a file name (RFC 6266).
fn attachment(name: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{name}")
}
