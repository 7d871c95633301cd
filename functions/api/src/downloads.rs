//! The stable download addresses: reports and files.

use std::fmt::Display;
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
use tokio::task::spawn_blocking;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Path};
use crate::pages::cannot_open;

/// Up to this size, in bytes, a file is read whole and checked to be complete before the response begins.
const READ_WHOLE_BYTES: u64 = 4 << 20;
/// The number of bytes of a larger file that are read at a time.
const PIECE_BYTES: usize = 1 << 20;
/// The bytes that a PDF file begins with.
const PDF_MAGIC: &[u8] = b"%PDF-";

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

/// Returns a file of a scan, if the file has not changed since the scan. This address is permanent. For a file of Google
/// Drive it redirects to Google, which shows the file to people who are signed in there.
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
    let (first_bytes, size, body) = contents(opened).await.map_err(unreadable)?;
    let mut headers = HeaderMap::new();
    // Only a kind that browsers show without running it is shown inline; every other file is saved.
    let (kind, disposition) = if first_bytes.starts_with(PDF_MAGIC) {
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
    let large = matches!(opened.content(), Content::File(_, size) if size > READ_WHOLE_BYTES);
    if large {
        return stream(opened.into()).await;
    }
    let content = spawn_blocking(move || riffle_ports::read_all(&*opened)).await.map_err(unavailable)??;
    Ok((content.slice(..content.len().min(PDF_MAGIC.len())), content.len() as u64, Body::from(content)))
}

/// Streams a large file in pieces. If it cannot be finished, because the file shrank or was replaced while it was sent,
/// the response is cut off, so that the client does not take it for complete.
async fn stream(opened: Arc<dyn Opened>) -> Result<(Bytes, u64, Body), ReadError> {
    let (mut sender, received) = mpsc::channel::<io::Result<Bytes>>(2);
    let reading = Arc::clone(&opened);
    let first_bytes = spawn_blocking(move || read_piece(&*reading, 0, PDF_MAGIC.len()));
    let first_bytes = first_bytes.await.map_err(unavailable)?.map_err(unavailable)?;
    let Content::File(_, size) = opened.content() else {
        return Err(unavailable(io::Error::other("only a file on disk can be streamed")).into());
    };
    let read_on = move || {
        let mut at = 0;
        while at < size {
            let read = read_piece(&*opened, at, PIECE_BYTES).and_then(|piece| {
                at += piece.len() as u64;
                let whole = at < size || opened.confirm().is_ok();
                if whole && !piece.is_empty() { Ok(piece) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            });
            let failed = read.is_err();
            // Stop when the client has gone or after an error.
            if block_on(sender.send(read)).is_err() || failed {
                return;
            }
        }
    };
    drop(spawn_blocking(read_on));
    Ok((first_bytes, size, Body::from_stream(received.map(|piece| piece))))
}

/// Reads up to `most` bytes of the file, starting at `at`.
fn read_piece(opened: &dyn Opened, at: u64, most: usize) -> io::Result<Bytes> {
    let Content::File(file, size) = opened.content() else {
        return Err(io::Error::other("only a file on disk can be streamed"));
    };
    let left = usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX);
    let mut piece = vec![0; left.min(most)];
    let read = file.read_at(&mut piece, at)?;
    piece.truncate(read);
    Ok(piece.into())
}

fn unavailable(error: impl Display) -> PortError {
    PortError::Unavailable(error.to_string())
}

fn unreadable(error: ReadError) -> Refusal {
    match error {
        ReadError::Port(error) => error.into(),
        error => cannot_open(&error),
    }
}

/// Returns a Content-Disposition value with a file name (RFC 6266).
fn attachment(name: &str) -> String {
    let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{name}")
}
