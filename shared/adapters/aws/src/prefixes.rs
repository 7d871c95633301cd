//! The files below a prefix of a tenant's part of the uploads bucket.
//!
//! A tenant's files are `files/{tenant}/…`, put there by anyone with write access to the bucket; people choose their
//! names, which are treated as data only. A folder is a common prefix; consoles mark an empty one with an empty object
//! `name/`, which is not a file.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::types::EncodingType;
use percent_encoding::percent_decode_str;
use riffle_ports::{
    Entry, FileSource, Meter, Opened, Pages, PortError, ReadError, Source, SourceError, Usage,
};

use crate::download::{Download, answer, download};
use crate::error::failure;
use crate::uploads::{etag, version};

/// The largest file read, in bytes: 512 MiB. It is held in memory.
pub const READ_LIMIT: u64 = 512 << 20;

const PAGE: i32 = 1_000;

/// Lists and reads [`Source::Prefix`] in `UPLOADS_BUCKET`. A file's version is its `ETag`.
///
/// Without the permission to list the bucket, S3 answers "denied" for a missing file, and so does this adapter.
#[derive(Debug, Clone)]
pub struct S3Prefixes {
    client: Client,
    bucket: String,
    meter: Arc<Meter>,
}

impl S3Prefixes {
    pub(crate) fn new(client: Client, bucket: String, meter: Arc<Meter>) -> Self {
        Self { client, bucket, meter }
    }

    async fn page(&self, prefix: &str, from: Option<String>) -> Result<ListObjectsV2Output, PortError> {
        let sent = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(prefix)
            .max_keys(PAGE)
            // Keys may contain characters that XML cannot.
            .encoding_type(EncodingType::Url)
            .set_continuation_token(from)
            .send()
            .await;
        self.meter.note(Usage { object_writes: 1, ..Usage::default() });
        sent.map_err(|error| failure("ListObjectsV2", &self.bucket, &error))
    }
}

/// Returns the prefix of the keys of a tenant's files. Only this function makes tenants part of keys.
pub(crate) fn root(source: &Source) -> Result<String, PortError> {
    let Source::Prefix { tenant, .. } = source else {
        return Err(PortError::Broken("not a prefix of the uploads bucket".to_owned()));
    };
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if tenant.is_empty() || tenant.len() > 64 || !tenant.bytes().all(known) {
        return Err(PortError::Broken("a tenant of this name has no files in the uploads bucket".to_owned()));
    }
    Ok(format!("files/{tenant}/"))
}

#[async_trait]
impl FileSource for S3Prefixes {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let root = root(source)?;
        let Source::Prefix { prefix, .. } = source else {
            return Err(PortError::Broken("not a prefix of the uploads bucket".to_owned()).into());
        };
        let folder = prefix.rfind('/').map_or(0, |slash| slash + 1);
        let whole = format!("{root}{prefix}");
        let first = self.page(&whole, None).await?;
        // A prefix exists only if keys have it; a tenant's own root exists even while it is empty.
        if first.contents().is_empty() && !prefix.is_empty() {
            let why = format!("there are no files under {prefix}: check its spelling, or upload files first");
            return Err(SourceError::Refused(why));
        }
        Ok(Box::new(PrefixPages {
            place: self.clone(),
            named_from: root.len() + folder,
            root: root.len(),
            prefix: whole,
            next: Next::Page(Box::new(first)),
        }))
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        let key = format!("{}{}", root(source)?, entry.locator);
        if entry.size > READ_LIMIT {
            return Err(ReadError::TooLarge { size: entry.size, limit: READ_LIMIT });
        }
        let version = etag(&entry.version);
        let wanted =
            Download { bucket: &self.bucket, key: &key, shown: "files/…", version: Some(&version) };
        Ok(Box::new(download(&self.client, &self.meter, wanted).await?))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let key = format!("{}{}", root(source)?, entry.locator);
        let sent = self.client.head_object().bucket(&self.bucket).key(key).send().await;
        self.meter.note(Usage { object_reads: 1, ..Usage::default() });
        let place = format!("{}/files/…", self.bucket);
        match sent.map_err(|error| answer("HeadObject", &place, &error)) {
            Ok(output) => Ok(Some(Entry {
                size: output.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                version: version(output.e_tag.as_deref()),
                ..entry.clone()
            })),
            Err(ReadError::Missing) => Ok(None),
            Err(ReadError::Port(error)) => Err(error.into()),
            // The file exists; reading it returns the reason it cannot be read.
            Err(_) => Ok(Some(entry.clone())),
        }
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        let tenant = if let Source::Prefix { tenant, .. } = source { tenant.as_str() } else { "" };
        format!("prefix\0{tenant}\0{}", entry.locator)
    }
}

struct PrefixPages {
    place: S3Prefixes,
    prefix: String,
    /// The position in a key where its locator begins.
    root: usize,
    /// The position in a key where its name begins: after the last whole folder of the prefix.
    named_from: usize,
    next: Next,
}

enum Next {
    /// The first page, already requested to see whether there are any files.
    Page(Box<ListObjectsV2Output>),
    From(String),
    End,
}

#[async_trait]
impl Pages for PrefixPages {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        loop {
            let page = match std::mem::replace(&mut self.next, Next::End) {
                Next::Page(page) => *page,
                Next::From(token) => self.place.page(&self.prefix, Some(token)).await?,
                Next::End => return Ok(None),
            };
            let mut entries = Vec::with_capacity(page.contents().len());
            for object in page.contents() {
                let size = object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
                let key = decode(object.key().unwrap_or_default())?;
                if key.ends_with('/') && size == 0 {
                    continue;
                }
                let (Some(name), Some(locator)) = (key.get(self.named_from..), key.get(self.root..)) else {
                    return Err(
                        PortError::Broken("S3 listed a key outside the requested prefix".to_owned()).into()
                    );
                };
                entries.push(Entry {
                    name: name.to_owned(),
                    locator: locator.to_owned(),
                    size,
                    version: version(object.e_tag()),
                });
            }
            if let Some(token) = page.next_continuation_token {
                self.next = Next::From(token);
            }
            // A page with only folder marks is not the end.
            if !entries.is_empty() {
                return Ok(Some(entries));
            }
        }
    }
}

/// Decodes a key as the listing escapes it.
fn decode(key: &str) -> Result<String, PortError> {
    let spaced = key.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    decoded.map(String::from).map_err(|_| PortError::Broken("a key that is not text".to_owned()))
}
