//! Folders of files in memory.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{Entry, FileSource, Opened, Pages, ReadError, Source, SourceError};

use super::lock;

/// A [`FileSource`] over folders that exist in memory only. A file is found by `folder/name`.
#[derive(Debug)]
pub struct MemoryFiles {
    folders: FolderMap,
    page: usize,
}

type FolderMap = Arc<Mutex<BTreeMap<String, BTreeMap<String, MemoryFile>>>>;

#[derive(Debug, Clone)]
struct MemoryFile {
    content: Bytes,
    version: u64,
}

impl MemoryFiles {
    /// Lists at most `page` entries at a time.
    pub fn new(page: usize) -> Self {
        Self { folders: FolderMap::default(), page: page.clamp(1, 1_000) }
    }

    /// Creates an empty folder, unless it exists.
    pub fn make_folder(&self, folder: &str) {
        lock(&self.folders).entry(folder.to_owned()).or_default();
    }

    /// Writes a file. Each write is a new version.
    pub fn write(&self, folder: &str, name: &str, content: impl Into<Bytes>) {
        let mut folders = lock(&self.folders);
        let files = folders.entry(folder.to_owned()).or_default();
        let version = files.get(name).map_or(1, |before| before.version + 1);
        files.insert(name.to_owned(), MemoryFile { content: content.into(), version });
    }

    /// Removes a file, if it exists.
    pub fn remove(&self, folder: &str, name: &str) {
        if let Some(files) = lock(&self.folders).get_mut(folder) {
            files.remove(name);
        }
    }
}

#[async_trait]
impl FileSource for MemoryFiles {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let Source::Folders(wanted) = source else {
            return Err(SourceError::Refused("these are folders".to_owned()));
        };
        let folders = lock(&self.folders);
        for folder in wanted {
            if !folders.contains_key(folder) {
                return Err(SourceError::Refused(format!("{folder} does not exist")));
            }
        }
        Ok(Box::new(MemoryListing {
            folders: Arc::clone(&self.folders),
            wanted: wanted.clone(),
            folder: 0,
            after: None,
            page: self.page,
        }))
    }

    async fn find(&self, _source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let folders = lock(&self.folders);
        Ok(file(&folders, &entry.locator).map(|file| Entry {
            size: file.content.len() as u64,
            version: file.version.to_string(),
            ..entry.clone()
        }))
    }

    async fn open(&self, _source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        let folders = lock(&self.folders);
        let file = file(&folders, &entry.locator).ok_or(ReadError::Missing)?;
        if file.version.to_string() == entry.version {
            Ok(Box::new(file.content.clone()))
        } else {
            Err(ReadError::Changed)
        }
    }

    fn identity(&self, _source: &Source, entry: &Entry) -> String {
        entry.locator.clone()
    }
}

fn file<'f>(
    folders: &'f BTreeMap<String, BTreeMap<String, MemoryFile>>,
    locator: &str,
) -> Option<&'f MemoryFile> {
    folders
        .iter()
        .find_map(|(folder, files)| files.get(locator.strip_prefix(folder.as_str())?.strip_prefix('/')?))
}

/// A listing that reads the folders again for each requested page, as a real listing does.
struct MemoryListing {
    folders: FolderMap,
    wanted: Vec<String>,
    folder: usize,
    after: Option<String>,
    page: usize,
}

#[async_trait]
impl Pages for MemoryListing {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        let folders = lock(&self.folders);
        let mut entries = Vec::new();
        while let Some(folder) = self.wanted.get(self.folder) {
            let files =
                folders.get(folder).ok_or_else(|| SourceError::Refused(format!("{folder} is gone")))?;
            let from = self.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            let room = self.page - entries.len();
            entries.extend(files.range::<str, _>((from, Bound::Unbounded)).take(room).map(|(name, file)| {
                Entry {
                    name: name.clone(),
                    locator: format!("{folder}/{name}"),
                    size: file.content.len() as u64,
                    version: file.version.to_string(),
                }
            }));
            if entries.len() == self.page {
                self.after = entries.last().map(|entry| entry.name.clone());
                break;
            }
            self.folder += 1;
            self.after = None;
        }
        Ok((!entries.is_empty()).then_some(entries))
    }
}
