//! Statements in the uploads bucket, which is versioned.
//!
//! A file's display name travels with it as metadata, escaped, because headers contain only ASCII. People may have
//! chosen the keys, so errors do not show them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use riffle_ports::{
    Announced, Clock, Fetched, Head, Ids, Inbox, Meter, ObjectRef, PortError, PostForm, ReadError, Usage,
};
use riffle_topology::statements::PREFIX;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;

use crate::download::answer;
use crate::error::{code, failure, status};
use crate::post_form::form;
use crate::uploads::etag;

/// How long a form is valid.
const LIFE: Duration = Duration::from_hours(1);
/// Tries of a download, each resuming where the one before broke off.
const TRIES: u32 = 5;

const NAME: &str = "riffle-name";
const ACCOUNT: &str = "riffle-account";
/// Prefix of the metadata fields in forms.
const FIELD: &str = "x-amz-meta-";
/// Characters that may be in a header unescaped, as far as it matters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// The statements in `UPLOADS_BUCKET`.
#[derive(Debug, Clone)]
pub struct S3Inbox {
    client: Client,
    config: SdkConfig,
    bucket: String,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    meter: Arc<Meter>,
}

impl S3Inbox {
    pub(crate) fn new(
        client: Client,
        config: SdkConfig,
        bucket: String,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        meter: Arc<Meter>,
    ) -> Self {
        Self { client, config, bucket, clock, ids, meter }
    }

    fn note_read(&self) {
        self.meter.note(Usage { object_reads: 1, ..Usage::default() });
    }

    async fn tags(&self, object: &ObjectRef) -> Result<Option<BTreeMap<String, String>>, PortError> {
        let get = self.client.get_object_tagging().bucket(&object.bucket).key(&object.key);
        let sent = get.set_version_id(object.version.clone()).send().await;
        self.note_read();
        match sent {
            Ok(output) => Ok(Some(output.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
            Err(error) if is_gone(object, &error) => Ok(None),
            Err(error) => Err(failure("GetObjectTagging", &place(object), &error)),
        }
    }

    /// Appends the object's bytes beyond `from` to `file`. Returns the number of bytes and whether the object is
    /// complete; `None` if the object does not exist.
    async fn append(
        &self,
        object: &ObjectRef,
        file: &mut tokio::fs::File,
        from: u64,
    ) -> Result<Option<(u64, bool)>, PortError> {
        let get = self.client.get_object().bucket(&object.bucket).key(&object.key);
        let get = get.set_version_id(object.version.clone()).if_match(etag(object.etag.trim_matches('"')));
        let sent = get.set_range((from > 0).then(|| format!("bytes={from}-"))).send().await;
        self.note_read();
        let mut output = match sent {
            Ok(output) => output,
            Err(error) if is_gone(object, &error) => return Ok(None),
            Err(error) => {
                return match answer("GetObject", &place(object), &error) {
                    ReadError::Missing | ReadError::Changed => Ok(None),
                    ReadError::Port(error) => Err(error),
                    other => Err(PortError::Broken(format!("GetObject on {}: {other}", place(object)))),
                };
            }
        };
        let mut came = 0;
        loop {
            let Some(piece) = output.body.next().await else { return Ok(Some((came, true))) };
            // The download broke off; the bytes received are kept.
            let Ok(piece) = piece else { return Ok(Some((came, false))) };
            file.write_all(&piece).await.map_err(|error| disk(&error))?;
            came += piece.len() as u64;
        }
    }
}

/// Returns the place that errors show.
fn place(object: &ObjectRef) -> String {
    format!("{}/statements/…", object.bucket)
}

fn disk(error: &std::io::Error) -> PortError {
    PortError::Unavailable(format!("a file cannot be kept while it is read: {error}"))
}

/// Returns whether the version does not exist. S3 calls a version that it never issued invalid.
fn is_gone<E: ProvideErrorMetadata>(object: &ObjectRef, error: &SdkError<E>) -> bool {
    match (status(error), code(error)) {
        (Some(404), code) => code != Some("NoSuchBucket"),
        // The version is a delete marker.
        (Some(405), _) => true,
        (Some(400), None | Some("InvalidArgument")) => object.version.is_some(),
        _ => false,
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// The value may be escaped or not and contain any bytes, because any program may have set it.
fn plain(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

#[async_trait]
impl Inbox for S3Inbox {
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError> {
        let key = format!("{PREFIX}{}/{}", upload.tenant, self.ids.fresh());
        let mut metadata = BTreeMap::from([(format!("{FIELD}{NAME}"), escaped(&upload.name))]);
        if let Some(account) = &upload.account {
            metadata.insert(format!("{FIELD}{ACCOUNT}"), escaped(account));
        }
        let wanted = (&*self.bucket, &*key, upload.size);
        let form = form(&self.client, &self.config, &*self.clock, wanted, metadata, LIFE).await?;
        // The client's request is billed to this account: it is recorded once, when it is allowed.
        self.meter.note(Usage { object_writes: 1, ..Usage::default() });
        Ok(form)
    }

    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError> {
        let head = self.client.head_object().bucket(&object.bucket).key(&object.key);
        let sent = head.set_version_id(object.version.clone()).send().await;
        self.note_read();
        let output = match sent {
            Ok(output) => output,
            Err(error) if is_gone(object, &error) => return Ok(None),
            Err(error) => return Err(failure("HeadObject", &place(object), &error)),
        };
        let same = |etag: &str| etag.trim_matches('"') == object.etag.trim_matches('"');
        if !output.e_tag().is_some_and(same) {
            return Ok(None);
        }
        // Requested each time: the head has the number of tags only for callers with permission to read them.
        let Some(tags) = self.tags(object).await? else { return Ok(None) };
        let metadata = |name: &str| output.metadata.as_ref()?.get(name).map(|value| plain(value));
        Ok(Some(Head {
            size: output.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            name: metadata(NAME),
            account: metadata(ACCOUNT),
            content_type: output.content_type,
            tags,
        }))
    }

    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        let kept = NamedTempFile::new().map_err(|error| disk(&error))?;
        let mut file = tokio::fs::File::from_std(kept.reopen().map_err(|error| disk(&error))?);
        let mut size = 0;
        for _ in 0..TRIES {
            let Some((came, whole)) = self.append(object, &mut file, size).await? else { return Ok(None) };
            size += came;
            if whole {
                file.flush().await.map_err(|error| disk(&error))?;
                let path = kept.into_temp_path();
                return Ok(Some(Fetched::new(move || {
                    let file = BufReader::new(File::open(&path)?);
                    Ok(Box::new(file) as Box<dyn Read + Send>)
                })));
            }
        }
        Err(PortError::Unavailable(format!("GetObject on {}: the content ended too early", place(object))))
    }

    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError> {
        // Deletes are free of charge.
        let delete = self.client.delete_object().bucket(&object.bucket).key(&object.key);
        match delete.set_version_id(object.version.clone()).send().await {
            Err(error) if !is_gone(object, &error) => Err(failure("DeleteObject", &place(object), &error)),
            _ => Ok(()),
        }
    }
}
