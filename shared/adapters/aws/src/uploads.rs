//! Files that clients send directly to a bucket: by a signed form, or in parts to signed addresses.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart, Part};
use futures::{StreamExt as _, TryStreamExt as _};
use riffle_ports::{
    Clock, Completed, Entry, Meter, Opened, PortError, PostForm, ReadError, ReceivedFile, UploadStorage,
    Usage,
};

use crate::download::{Download, answer, download};
use crate::error::{code, failure};
use crate::listing::{keys_below, objects_below};
use crate::objects::check;
use crate::post_form::form;
use crate::prefixes::READ_LIMIT;
use crate::signing::{credentials, validity};

/// How long a signed address is valid.
const LIFE: Duration = Duration::from_hours(1);

/// Files removed at once.
const AT_ONCE: usize = 32;

const GONE: &str = "this file is no longer being sent in parts: declare it in a new upload";

/// Clients' uploads, in `UPLOADS_BUCKET`. The bucket's lifecycle rule removes parts of uploads that were never
/// completed.
#[derive(Debug, Clone)]
pub struct S3Uploads {
    client: Client,
    config: SdkConfig,
    bucket: String,
    clock: Arc<dyn Clock>,
    meter: Arc<Meter>,
}

/// Returns an `ETag` as a version: without the quotes, which some services leave out.
pub(crate) fn version(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

/// Returns a version as an `If-Match` condition.
pub(crate) fn etag(version: &str) -> String {
    format!("\"{version}\"")
}

impl S3Uploads {
    pub(crate) fn new(
        client: Client,
        config: SdkConfig,
        bucket: String,
        clock: Arc<dyn Clock>,
        meter: Arc<Meter>,
    ) -> Self {
        Self { client, config, bucket, clock, meter }
    }

    fn failed<E: ProvideErrorMetadata>(&self, operation: &str, key: &str, error: &SdkError<E>) -> PortError {
        failure(operation, &format!("{}/{key}", self.bucket), error)
    }

    fn note_writes(&self, object_writes: u64) {
        self.meter.note(Usage { object_writes, ..Usage::default() });
    }

    async fn validity(
        &self,
    ) -> Result<(aws_sdk_s3::presigning::PresigningConfig, chrono::DateTime<chrono::Utc>), PortError> {
        validity(&credentials(&self.config).await?, self.clock.now(), LIFE)
    }

    /// Returns the parts received so far, in order of number; `None` if the file is not being sent in parts.
    async fn parts(&self, key: &str, begun: &str) -> Result<Option<Vec<Part>>, PortError> {
        let mut parts = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let list = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(begun);
            let sent = list.set_part_number_marker(after).send().await;
            self.note_writes(1);
            let output = match sent {
                Err(error) if code(&error) == Some("NoSuchUpload") => return Ok(None),
                sent => sent.map_err(|error| self.failed("ListParts", key, &error))?,
            };
            parts.extend(output.parts.unwrap_or_default());
            after = output.next_part_number_marker.filter(|_| output.is_truncated == Some(true));
            if after.is_none() {
                return Ok(Some(parts));
            }
        }
    }
}

#[async_trait]
impl UploadStorage for S3Uploads {
    async fn form(&self, key: &str, size: u64) -> Result<PostForm, PortError> {
        let wanted = (&*self.bucket, key, size);
        let form = form(&self.client, &self.config, &*self.clock, wanted, BTreeMap::new(), LIFE).await?;
        // The client's request is billed to this account: it is recorded once, when it is allowed.
        self.note_writes(1);
        Ok(form)
    }

    async fn begin(&self, key: &str) -> Result<String, PortError> {
        check(key)?;
        let sent = self.client.create_multipart_upload().bucket(&self.bucket).key(key).send().await;
        self.note_writes(1);
        let begun = sent.map_err(|error| self.failed("CreateMultipartUpload", key, &error))?.upload_id;
        begun.ok_or_else(|| PortError::Broken("an upload was begun without an id".to_owned()))
    }

    async fn part(&self, key: &str, begun: &str, number: u32, size: u64) -> Result<String, PortError> {
        check(key)?;
        let beyond = || PortError::Broken(format!("part {number} of {size} bytes exceeds the limits of S3"));
        let (validity, _) = self.validity().await?;
        let part = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(begun)
            .part_number(i32::try_from(number).map_err(|_| beyond())?)
            .content_length(i64::try_from(size).map_err(|_| beyond())?);
        let signed = part.presigned(validity).await;
        self.note_writes(1);
        Ok(signed.map_err(|error| self.failed("UploadPart", key, &error))?.uri().to_owned())
    }

    async fn complete(
        &self,
        key: &str,
        begun: &str,
        parts: &[(u32, String)],
        size: u64,
    ) -> Result<Completed, PortError> {
        check(key)?;
        let Some(received) = self.parts(key, begun).await? else {
            return Ok(Completed::Refused(GONE.to_owned()));
        };
        // S3 does not know the declared size, so the parts are checked before S3 assembles them.
        if let Some(why) = differs(&received, parts, size) {
            return Ok(Completed::Refused(why));
        }
        let parts = received.into_iter().map(|part| {
            CompletedPart::builder().set_part_number(part.part_number).set_e_tag(part.e_tag).build()
        });
        let all = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key);
        let sent = complete.upload_id(begun).multipart_upload(all).send().await;
        self.note_writes(1);
        match sent {
            Ok(_) => Ok(Completed::Done),
            Err(error) => match code(&error) {
                Some("NoSuchUpload") => Ok(Completed::Refused(GONE.to_owned())),
                Some("InvalidPart" | "InvalidPartOrder" | "EntityTooSmall") => {
                    let why = "the parts are not those that were received, or too small: send the file again";
                    Ok(Completed::Refused(why.to_owned()))
                }
                _ => Err(self.failed("CompleteMultipartUpload", key, &error)),
            },
        }
    }

    async fn abort(&self, key: &str, begun: &str) -> Result<(), PortError> {
        check(key)?;
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket).key(key);
        match abort.upload_id(begun).send().await {
            Err(error) if code(&error) != Some("NoSuchUpload") => {
                Err(self.failed("AbortMultipartUpload", key, &error))
            }
            _ => Ok(()),
        }
    }

    async fn received(&self, key: &str) -> Result<Option<ReceivedFile>, PortError> {
        check(key)?;
        let sent = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        self.meter.note(Usage { object_reads: 1, ..Usage::default() });
        let place = format!("{}/{key}", self.bucket);
        match sent.map_err(|error| answer("HeadObject", &place, &error)) {
            Ok(output) => Ok(Some(as_received(output.content_length, output.e_tag.as_deref()))),
            Err(ReadError::Missing) => Ok(None),
            Err(ReadError::Port(error)) => Err(error),
            Err(other) => Err(PortError::Broken(format!("HeadObject on {place}: {other}"))),
        }
    }

    async fn all_received(&self, folder: &str) -> Result<BTreeMap<String, ReceivedFile>, PortError> {
        let objects = objects_below(&self.client, &self.meter, &self.bucket, folder).await?;
        let received = objects.into_iter().filter_map(|object| {
            let received = as_received(object.size, object.e_tag.as_deref());
            Some((object.key?, received))
        });
        Ok(received.collect())
    }

    async fn remove(&self, folder: &str) -> Result<(), PortError> {
        let keys = keys_below(&self.client, &self.meter, &self.bucket, folder).await?;
        let deleted = keys.into_iter().map(|key| async move {
            // Deletes are free of charge.
            let sent = self.client.delete_object().bucket(&self.bucket).key(&key).send().await;
            sent.map(drop).map_err(|error| self.failed("DeleteObject", &key, &error))
        });
        futures::stream::iter(deleted).buffer_unordered(AT_ONCE).try_collect().await
    }

    async fn open(&self, key: &str, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        check(key)?;
        if entry.size > READ_LIMIT {
            return Err(ReadError::TooLarge { size: entry.size, limit: READ_LIMIT });
        }
        let version = etag(&entry.version);
        let wanted = Download { bucket: &self.bucket, key, shown: key, version: Some(&version) };
        Ok(Box::new(download(&self.client, &self.meter, wanted).await?))
    }
}

fn as_received(size: Option<i64>, etag: Option<&str>) -> ReceivedFile {
    ReceivedFile {
        size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        version: version(etag),
    }
}

/// Returns why `received` differs from `named`, or is not a file of `size` bytes.
fn differs(received: &[Part], named: &[(u32, String)], size: u64) -> Option<String> {
    let in_order = named.iter().zip(1..).all(|((number, _), at)| *number == at);
    let same = received.len() == named.len()
        && received.iter().zip(named).all(|(part, (number, etag))| {
            part.part_number().and_then(|number| u32::try_from(number).ok()) == Some(*number)
                && version(part.e_tag()) == version(Some(etag))
        });
    if !in_order || !same {
        return Some("the listed parts are not those that were received: send the missing ones".to_owned());
    }
    let sum: u64 = received.iter().filter_map(|part| u64::try_from(part.size().unwrap_or(0)).ok()).sum();
    (sum != size).then(|| format!("the parts have {sum} bytes, but the file has {size}: send the rest"))
}
