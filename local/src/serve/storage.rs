//! Uploads, as a storage service in the cloud accepts them: at signed addresses, without a function in between.

use std::sync::Arc;

use api::Refusal;
use axum::body::Body;
use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use riffle_local_adapters::{Permit, Receiving, UploadDestination, UploadRefusal};
use serde::Deserialize;

use crate::platform::Platform;

/// The maximum length of a field before the file, in bytes.
const MAX_FIELD: usize = 1_024;

#[derive(Deserialize)]
pub struct Signed {
    size: u64,
    expires: i64,
    signature: String,
}

/// Stores one part of a file.
pub async fn part(
    State(platform): State<Arc<Platform>>,
    Path((begun, number)): Path<(String, u32)>,
    Query(signed): Query<Signed>,
    body: Body,
) -> Result<Response, Refusal> {
    let permit = Permit {
        place: UploadDestination::Part { begun, number },
        size: signed.size,
        expires: signed.expires,
    };
    let mut receiving = platform.uploads.receive(&permit, &signed.signature).map_err(refusal)?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| broken_off(&error.to_string()))?;
        receiving = write(receiving, piece).await?;
    }
    let etag = tokio::task::spawn_blocking(move || receiving.finish()).await;
    Ok(received(&etag.map_err(|_| Refusal::broken())?.map_err(refusal)?, StatusCode::OK))
}

/// Stores a whole file from a form.
pub async fn file(State(platform): State<Arc<Platform>>, mut form: Multipart) -> Result<Response, Refusal> {
    let (mut key, mut size, mut expires, mut signature) = (None, None, None, None);
    while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
        match field.name().unwrap_or_default() {
            "key" => key = Some(text(&mut field).await?),
            "size" => size = text(&mut field).await?.parse::<u64>().ok(),
            "expires" => expires = text(&mut field).await?.parse::<i64>().ok(),
            "signature" => signature = Some(text(&mut field).await?),
            "file" => {
                let (Some(key), Some(size), Some(expires), Some(signature)) = (key, size, expires, signature)
                else {
                    return Err(Refusal::bad_request("Send all fields of the form before the file."));
                };
                let permit = Permit { place: UploadDestination::File { key }, size, expires };
                let mut receiving = platform.uploads.receive(&permit, &signature).map_err(refusal)?;
                while let Some(piece) = field.chunk().await.map_err(unreadable)? {
                    receiving = write(receiving, piece).await?;
                }
                // For a statement this also sends the notification.
                let etag = platform.statements.inbox.finish(receiving).await.map_err(refusal)?;
                return Ok(received(&etag, StatusCode::NO_CONTENT));
            }
            // Unknown fields are ignored, as by S3.
            _ => drop(text(&mut field).await?),
        }
    }
    Err(Refusal::bad_request("The form contains no file."))
}

async fn text(field: &mut Field<'_>) -> Result<String, Refusal> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(unreadable)? {
        if text.len() + piece.len() > MAX_FIELD {
            return Err(Refusal::bad_request("A field of the form is too long."));
        }
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).map_err(|_| Refusal::bad_request("A field of the form is not UTF-8."))
}

/// Writes a piece on a blocking thread, because a disk write may take a while.
async fn write(mut receiving: Receiving, piece: bytes::Bytes) -> Result<Receiving, Refusal> {
    let written = tokio::task::spawn_blocking(move || receiving.write(&piece).map(|()| receiving)).await;
    written.map_err(|_| Refusal::broken())?.map_err(refusal)
}

fn received(etag: &str, status: StatusCode) -> Response {
    (status, [(header::ETAG, format!("\"{etag}\""))]).into_response()
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn refusal(refused: UploadRefusal) -> Refusal {
    let status = match refused {
        UploadRefusal::NotPermitted => StatusCode::FORBIDDEN,
        UploadRefusal::Size(_) => StatusCode::PAYLOAD_TOO_LARGE,
        UploadRefusal::Unknown => StatusCode::NOT_FOUND,
        UploadRefusal::Io(_) | UploadRefusal::Port(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    Refusal::new(status, format!("The file was not accepted: {refused}."))
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn unreadable(error: MultipartError) -> Refusal {
    broken_off(&error.body_text())
}

fn broken_off(why: &str) -> Refusal {
    Refusal::bad_request(format!("The file was not received completely: {why}. Send it again."))
}
