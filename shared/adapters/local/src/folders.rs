//! Folders of this machine as a file source. `folder_walk.rs` defines what is listed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use riffle_ports::{Entry, FileSource, Opened, Pages, PortError, ReadError, Source, SourceError};

use crate::file_read::LocalFile;
use crate::folder_find;
use crate::folder_walk::{Walk, locate};
use crate::objects::elsewhere;

/// The default size limit of a file that is read, in bytes: 512 MiB.
pub const READ_LIMIT: u64 = 512 << 20;

const PAGE: usize = 1_000;

/// Lists and reads [`Source::Folders`].
///
/// Names are the paths below the folder, with U+FFFD for bytes that are not UTF-8; the locator keeps the bytes. A
/// file's version is its size and modification time.
#[derive(Debug, Clone, Copy)]
pub struct LocalFolders {
    limit: u64,
}

impl Default for LocalFolders {
    fn default() -> Self {
        Self::with_limit(READ_LIMIT)
    }
}

impl LocalFolders {
    /// Refuses files above `limit` bytes with [`ReadError::TooLarge`].
    pub fn with_limit(limit: u64) -> Self {
        Self { limit }
    }
}

#[async_trait]
impl FileSource for LocalFolders {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let folders = folders(source)?.to_vec();
        let walk = elsewhere(move || Walk::start(&folders)).await??;
        Ok(Box::new(FolderPages(Arc::new(Mutex::new(walk)))))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let path = path(folders(source)?, entry)?;
        let entry = entry.clone();
        Ok(elsewhere(move || folder_find::find(&path, entry)).await?)
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        let path = path(folders(source)?, entry)?;
        let (entry, limit) = (entry.clone(), self.limit);
        let file = elsewhere(move || LocalFile::open(path, entry, limit)).await??;
        Ok(Box::new(file))
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        let Ok(folders) = folders(source) else {
            return entry.locator.clone();
        };
        // Escaped as in the locator, so that names that are not UTF-8 keep their bytes.
        match entry.locator.split_once('/') {
            Some((root, below)) => {
                let folder = root.parse::<usize>().ok().and_then(|root| folders.get(root));
                format!("{}\0{below}", folder.map_or(root, String::as_str))
            }
            None => entry.locator.clone(),
        }
    }
}

fn folders(source: &Source) -> Result<&[String], PortError> {
    match source {
        Source::Folders(folders) => Ok(folders),
        _ => Err(PortError::Broken("not a folder of this machine".to_owned())),
    }
}

fn path(folders: &[String], entry: &Entry) -> Result<PathBuf, PortError> {
    locate(folders, &entry.locator)
        .ok_or_else(|| PortError::Broken(format!("{:?} is not a locator of these folders", entry.locator)))
}

/// A walk shared with blocking threads. The lock never blocks: it only lets the walk move to another thread and back,
/// even if the caller stops waiting.
struct FolderPages(Arc<Mutex<Walk>>);

#[async_trait]
impl Pages for FolderPages {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        let walk = Arc::clone(&self.0);
        let page = elsewhere(move || {
            let mut walk = walk.lock().unwrap_or_else(PoisonError::into_inner);
            walk.page(PAGE)
        })
        .await??;
        Ok((!page.is_empty()).then_some(page))
    }
}
