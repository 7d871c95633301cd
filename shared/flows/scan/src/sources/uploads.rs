//! Files that users send: declared by name and size, then sent straight to the storage, then scanned as one source.
//! Names are data: keys are made of the upload's id and the file's number.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use riffle_contracts::http::{
    CompleteParts, DeclareFiles, DeclaredFile, Limits, PartTarget, SendBy, UploadStatus, UploadTarget,
    UploadTargets,
};
use riffle_ports::{
    Completed, CountedUse, Exceeded, Ids, ObjectStore, PortError, Put, Quotas, ReceivedFile, UploadStorage,
};

use crate::matching::MAX_CODES;
use crate::state::request::keys;

/// The longest name, in bytes.
const MAX_NAME: usize = 1_024;
/// The most parts a file may have, as in S3.
const MAX_PARTS: u64 = 10_000;
/// The longest `ETag` of a part, in bytes.
const MAX_ETAG: usize = 1_024;
/// Calls to the storage made concurrently.
const AT_ONCE: usize = 32;
/// Most missing files that are named.
const NAMED: usize = 100;

/// The reason a request about an upload fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// It does not exist, or it is another tenant's.
    #[error("this {0} does not exist")]
    NotFound(&'static str),
    /// Contradicts what was declared or sent before.
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0}")]
    Exceeded(Exceeded),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The rules of uploads.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Uploads {
    pub objects: Arc<dyn ObjectStore>,
    pub storage: Arc<dyn UploadStorage>,
    pub ids: Arc<dyn Ids>,
    pub limits: Limits,
    pub quotas: Quotas,
}

impl Uploads {
    /// Creates an empty upload and returns its id.
    pub async fn create(&self, tenant: &str) -> Result<String, PortError> {
        let id = self.ids.fresh();
        self.objects.put(&keys::upload(tenant, &id), Bytes::from_static(b"{}")).await?;
        Ok(id)
    }

    /// Declares files and returns how to send them. Repeating it is harmless and returns addresses with a new lifetime.
    pub async fn declare(
        &self,
        tenant: &str,
        upload: &str,
        wanted: &DeclareFiles,
    ) -> Result<UploadTargets, UploadError> {
        self.own(tenant, upload).await?;
        self.check(wanted)?;
        let json = Bytes::from(serde_json::to_vec(&wanted.files).expect("names and sizes are plain data"));
        let key = keys::upload_batch(upload, wanted.first);
        if self.objects.get(&key).await?.is_none() {
            let bytes = wanted.files.iter().map(|file| file.size).sum();
            let taken = self.quotas.take(tenant, CountedUse::UploadBytes, bytes).await?;
            taken.map_err(UploadError::Exceeded)?;
        }
        if self.objects.put_if_absent(&key, json.clone()).await? == Put::Exists
            && self.objects.get(&key).await?.is_none_or(|stored| stored != json)
        {
            let text = format!(
                "Other files have been declared from number {} on. Declare these under other numbers, or in \
                 a new upload.",
                wanted.first
            );
            return Err(UploadError::Conflict(text));
        }
        let sizes: Vec<u64> = wanted.files.iter().map(|file| file.size).collect();
        let files = stream::iter((wanted.first..).zip(sizes))
            .map(|(number, size)| async move {
                let upload = self.target(upload, number, size).await?;
                Ok::<_, PortError>(UploadTarget { number, upload })
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(UploadTargets { files })
    }

    fn check(&self, wanted: &DeclareFiles) -> Result<(), UploadError> {
        let invalid = |text: String| Err(UploadError::Invalid(text));
        let (batch, first) = (self.limits.upload_batch, u64::from(wanted.first));
        let count = wanted.files.len() as u64;
        if count == 0 || count > batch {
            return invalid(format!("Declare 1 to {batch} files at a time."));
        }
        if !first.is_multiple_of(batch) {
            return invalid(format!(
                "The number of the first file must be 0, {batch}, {}, and so on.",
                2 * batch
            ));
        }
        if first + count > self.limits.upload_files {
            return invalid(format!("One upload can have at most {} files.", self.limits.upload_files));
        }
        for (number, file) in (wanted.first..).zip(&wanted.files) {
            if file.name.is_empty() || file.name.len() > MAX_NAME {
                return invalid(format!("File {number} needs a name of 1 to {MAX_NAME} bytes."));
            }
            if file.size > self.limits.upload_file_bytes {
                let limit = self.limits.upload_file_bytes;
                return invalid(format!("File {number} has more than {limit} bytes: leave it out."));
            }
        }
        Ok(())
    }

    async fn target(&self, upload: &str, number: u32, size: u64) -> Result<SendBy, PortError> {
        let key = keys::uploaded_file(upload, number);
        let part_bytes = self.limits.part_bytes.max(size.div_ceil(MAX_PARTS));
        if size <= part_bytes {
            let form = self.storage.form(&key, size).await?;
            return Ok(SendBy::Single { method: "POST".to_owned(), url: form.url, fields: form.fields });
        }
        let begun = self.begin_once(upload, number, &key).await?;
        let mut parts = Vec::new();
        for (part, from) in
            (1_u32..).zip((0..size).step_by(usize::try_from(part_bytes).unwrap_or(usize::MAX)))
        {
            let url = self.storage.part(&key, &begun, part, part_bytes.min(size - from)).await?;
            parts.push(PartTarget { number: part, url });
        }
        Ok(SendBy::Parts { part_bytes, parts })
    }

    /// Begins a file that comes in parts and returns the storage's id for it. If it was begun before, returns the
    /// earlier id.
    async fn begin_once(&self, upload: &str, number: u32, key: &str) -> Result<String, PortError> {
        if let Some(begun) = self.begun(upload, number).await? {
            return Ok(begun);
        }
        let begun = self.storage.begin(key).await?;
        let noted = keys::upload_parts(upload, number);
        if self.objects.put_if_absent(&noted, Bytes::from(begun.clone())).await? == Put::Stored {
            return Ok(begun);
        }
        // Another call was faster: its parts are the ones that will be completed.
        self.storage.abort(key, &begun).await?;
        let gone = || PortError::Unavailable(format!("{noted} was removed while it was being read"));
        self.begun(upload, number).await?.ok_or_else(gone)
    }

    async fn begun(&self, upload: &str, number: u32) -> Result<Option<String>, PortError> {
        let noted = self.objects.get(&keys::upload_parts(upload, number)).await?;
        noted
            .map(|noted| {
                String::from_utf8(noted.into()).map_err(|error| {
                    PortError::Broken(format!("the record of the begun file {number} is invalid: {error}"))
                })
            })
            .transpose()
    }

    /// Assembles the parts of a file. Repeating it is harmless.
    pub async fn complete(
        &self,
        tenant: &str,
        upload: &str,
        number: u32,
        parts: &CompleteParts,
    ) -> Result<(), UploadError> {
        self.own(tenant, upload).await?;
        let batch = u32::try_from(self.limits.upload_batch).unwrap_or(u32::MAX).max(1);
        let first = number - number % batch;
        let declared = self.batch(upload, first).await?;
        let declared = declared.get((number - first) as usize).ok_or(UploadError::NotFound("file"))?;
        check_parts(parts)?;
        let key = keys::uploaded_file(upload, number);
        if self.storage.received(&key).await?.is_some_and(|received| received.size == declared.size) {
            return Ok(());
        }
        let begun = self.begun(upload, number).await?.ok_or_else(|| {
            UploadError::Conflict("This file is not sent in parts: there is nothing to complete.".to_owned())
        })?;
        let parts: Vec<(u32, String)> =
            parts.parts.iter().map(|part| (part.number, part.etag.clone())).collect();
        match self.storage.complete(&key, &begun, &parts, declared.size).await? {
            Completed::Done => Ok(()),
            // A concurrent call for the same file may have been faster.
            Completed::Refused(why) => match self.storage.received(&key).await? {
                Some(received) if received.size == declared.size => Ok(()),
                _ => Err(UploadError::Conflict(why)),
            },
        }
    }

    /// Returns how far an upload has come.
    pub async fn status(&self, tenant: &str, upload: &str) -> Result<UploadStatus, UploadError> {
        self.own(tenant, upload).await?;
        let mut status =
            UploadStatus { upload_id: upload.to_owned(), files: 0, received: 0, missing: Vec::new() };
        let received = self.all_received(upload).await?;
        for first in self.firsts() {
            for (number, _) in (first..).zip(self.batch(upload, first).await?) {
                status.files += 1;
                if received.contains_key(&keys::uploaded_file(upload, number)) {
                    status.received += 1;
                } else if status.missing.len() < NAMED {
                    status.missing.push(number);
                }
            }
        }
        Ok(status)
    }

    /// Checks that `upload` belongs to the tenant.
    ///
    /// # Errors
    /// [`UploadError::NotFound`] if it does not.
    pub async fn own(&self, tenant: &str, upload: &str) -> Result<(), UploadError> {
        let found = is_id(upload) && self.objects.get(&keys::upload(tenant, upload)).await?.is_some();
        if found { Ok(()) } else { Err(UploadError::NotFound("upload")) }
    }

    /// Returns the numbers at which a declared batch of files may begin.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = u32> + Send + use<> {
        let (files, batch) = (self.limits.upload_files, self.limits.upload_batch.max(1));
        (0..files)
            .step_by(usize::try_from(batch).unwrap_or(usize::MAX))
            .filter_map(|at| u32::try_from(at).ok())
    }

    /// Returns what was received of an upload's files, by key.
    pub(crate) async fn all_received(
        &self,
        upload: &str,
    ) -> Result<BTreeMap<String, ReceivedFile>, PortError> {
        self.storage.all_received(&keys::uploaded_files(upload)).await
    }

    /// Returns the files declared from `first` on.
    pub(crate) async fn batch(&self, upload: &str, first: u32) -> Result<Vec<DeclaredFile>, PortError> {
        let key = keys::upload_batch(upload, first);
        match self.objects.get(&key).await? {
            None => Ok(Vec::new()),
            Some(json) => serde_json::from_slice(&json)
                .map_err(|error| PortError::Broken(format!("{key} cannot be read: {error}"))),
        }
    }
}

fn check_parts(CompleteParts { parts }: &CompleteParts) -> Result<(), UploadError> {
    let invalid = |text: String| Err(UploadError::Invalid(text));
    if parts.is_empty() || parts.len() as u64 > MAX_PARTS {
        return invalid(format!("A file that is sent in parts must have 1 to {MAX_PARTS} parts."));
    }
    if parts.iter().any(|part| part.number == 0 || u64::from(part.number) > MAX_PARTS) {
        return invalid(format!("Part numbers must be between 1 and {MAX_PARTS}."));
    }
    if parts.iter().any(|part| part.etag.is_empty() || part.etag.len() > MAX_ETAG) {
        return invalid(format!("Each part must have the ETag from its response, of 1 to {MAX_ETAG} bytes."));
    }
    Ok(())
}

/// Returns the limits that apply unless others are chosen.
pub fn limits() -> Limits {
    Limits {
        codes: MAX_CODES as u64,
        codes_file_bytes: 5_000_000,
        upload_files: 100_000,
        upload_file_bytes: 512 << 20,
        upload_batch: 1_000,
        part_bytes: 8 << 20,
    }
}

/// Returns whether `id` has the form of an upload's id, so that it may become part of a key.
pub(crate) fn is_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
