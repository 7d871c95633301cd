//! Downloads of whole objects into memory.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use riffle_ports::{Meter, PortError, ReadError, Usage};

use crate::error::{code, failure, status};

/// Tries of a download that breaks off: the SDK repeats a request, but does not resume the body of its answer.
const TRIES: u32 = 3;

pub(crate) struct Download<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    /// The form of the key that errors show: nothing of it if people chose the name.
    pub shown: &'a str,
    /// The `ETag` that the object must have.
    pub version: Option<&'a str>,
}

pub(crate) async fn download(
    client: &Client,
    meter: &Meter,
    wanted: Download<'_>,
) -> Result<Bytes, ReadError> {
    let place = format!("{}/{}", wanted.bucket, wanted.shown);
    for _ in 0..TRIES {
        let sent = client
            .get_object()
            .bucket(wanted.bucket)
            .key(wanted.key)
            .set_if_match(wanted.version.map(str::to_owned))
            .send()
            .await;
        meter.note(Usage { object_reads: 1, ..Usage::default() });
        let output = sent.map_err(|error| answer("GetObject", &place, &error))?;
        if let Ok(content) = collect(output.body, output.content_length).await {
            return Ok(content);
        }
    }
    Err(PortError::Unavailable(format!("GetObject on {place}: the content ended too early")).into())
}

/// Returns the meaning of an error of a request for one object.
pub(crate) fn answer<E: ProvideErrorMetadata>(
    operation: &str,
    place: &str,
    error: &SdkError<E>,
) -> ReadError {
    match (status(error), code(error)) {
        // A missing bucket is not a missing object. (HEAD has no body, and so no code.)
        (Some(404), code) if code != Some("NoSuchBucket") => ReadError::Missing,
        (Some(412), _) => ReadError::Changed,
        (Some(403), Some("InvalidObjectState")) => {
            ReadError::Denied("it is archived: restore it first".to_owned())
        }
        (Some(403), None | Some("AccessDenied")) => {
            ReadError::Denied("the platform has no permission to read it".to_owned())
        }
        _ => failure(operation, place, error).into(),
    }
}

async fn collect(mut body: ByteStream, length: Option<i64>) -> Result<Bytes, ()> {
    // Allocated in one piece: large files would otherwise be in memory twice.
    let length = length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    let mut content = BytesMut::with_capacity(length);
    while let Some(piece) = body.next().await {
        content.extend_from_slice(&piece.map_err(drop)?);
    }
    Ok(content.freeze())
}
