//! Uploaded files as a file source, and the choice of a file source by its kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{
    Entry, FileSource, Opened, Pages, PortError, ReadError, ReceivedFile, Source, SourceError,
};

use crate::sources::uploads::{Uploads, is_id};
use crate::state::request::keys;

/// The version of a file that was never received. No received file's version looks like it.
const NOT_UPLOADED: &str = "not uploaded";

/// All file sources that this deployment reads.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Sources {
    /// `None` if the machine's own folders may not be read.
    pub folders: Option<Arc<dyn FileSource>>,
    /// `None` if there is no bucket to read from.
    pub prefixes: Option<Arc<dyn FileSource>>,
    /// `None` if Google Drive folders are not read.
    pub drive: Option<Arc<dyn FileSource>>,
    pub uploads: Uploads,
}

impl Sources {
    /// Returns the adapter that reads such a source. There is none for uploads, which are read here.
    fn of(&self, source: &Source) -> Result<&dyn FileSource, PortError> {
        let (reads, kind) = match source {
            Source::Folders(_) => (&self.folders, "folders"),
            Source::Prefix { .. } => (&self.prefixes, "prefixes of a bucket"),
            Source::Drive { .. } => (&self.drive, "Google Drive folders"),
            Source::Upload(_) => (&None, "uploads"),
        };
        reads.as_deref().ok_or_else(|| PortError::Broken(format!("this deployment cannot read {kind}")))
    }
}

#[async_trait]
impl FileSource for Sources {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        match source {
            Source::Folders(_) | Source::Prefix { .. } | Source::Drive { .. } => {
                self.of(source)?.list(source).await
            }
            Source::Upload(upload) if is_id(upload) => Ok(Box::new(UploadPages {
                firsts: Box::new(self.uploads.firsts()),
                uploads: self.uploads.clone(),
                upload: upload.clone(),
                received: None,
            })),
            Source::Upload(_) => Err(SourceError::Refused("this upload does not exist".to_owned())),
        }
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        match source {
            Source::Folders(_) | Source::Prefix { .. } | Source::Drive { .. } => {
                self.of(source)?.open(source, entry).await
            }
            Source::Upload(_) if entry.version == NOT_UPLOADED => Err(ReadError::NotUploaded),
            Source::Upload(upload) => self.uploads.storage.open(&key(upload, entry)?, entry).await,
        }
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        match source {
            Source::Folders(_) | Source::Prefix { .. } | Source::Drive { .. } => {
                self.of(source)?.find(source, entry).await
            }
            Source::Upload(upload) => {
                let received = self.uploads.storage.received(&key(upload, entry)?).await?;
                Ok(Some(as_received(entry.clone(), received)))
            }
        }
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        match source {
            Source::Upload(upload) => format!("upload\0{upload}\0{}", entry.locator),
            source => match self.of(source) {
                Ok(files) => files.identity(source, entry),
                Err(_) => entry.locator.clone(),
            },
        }
    }
}

fn key(upload: &str, entry: &Entry) -> Result<String, PortError> {
    match entry.locator.parse() {
        Ok(number) if is_id(upload) => Ok(keys::uploaded_file(upload, number)),
        _ => Err(PortError::Broken(format!("{:?} is not the locator of an upload", entry.locator))),
    }
}

fn as_received(entry: Entry, received: Option<ReceivedFile>) -> Entry {
    match received {
        Some(ReceivedFile { size, version }) => Entry { size, version, ..entry },
        None => Entry { version: NOT_UPLOADED.to_owned(), ..entry },
    }
}

/// The files of an upload, one declared batch per page.
struct UploadPages {
    uploads: Uploads,
    upload: String,
    firsts: Box<dyn Iterator<Item = u32> + Send>,
    /// Requested once, for all pages.
    received: Option<BTreeMap<String, ReceivedFile>>,
}

#[async_trait]
impl Pages for UploadPages {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        for first in self.firsts.by_ref() {
            let files = self.uploads.batch(&self.upload, first).await?;
            if files.is_empty() {
                continue;
            }
            let received = match &mut self.received {
                Some(received) => received,
                none => none.insert(self.uploads.all_received(&self.upload).await?),
            };
            let entries = (first..).zip(files).map(|(number, file)| {
                let locator = number.to_string();
                let entry = Entry { name: file.name, locator, size: file.size, version: String::new() };
                as_received(entry, received.remove(&keys::uploaded_file(&self.upload, number)))
            });
            return Ok(Some(entries.collect()));
        }
        Ok(None)
    }
}
