//! Lists a folder and everything below it, breadth first.
//!
//! Each folder and each file is listed once, by its id, under the name where it is first found: so shortcuts cannot
//! cause loops. A folder's content is collected and sorted by name and id, because Google does not guarantee an order
//! for large drives.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use riffle_ports::{Entry, Pages, SourceError};

use crate::client::DriveClient;
use crate::error::DriveError;
use crate::resource::Resource;
use crate::token_source::Lender;

/// Entries of one page.
const PAGE: usize = 1_000;

/// A folder to be listed.
struct DriveFolder {
    id: String,
    /// The shared drive that contains it.
    drive: Option<String>,
    /// Its path below the scanned folder, with a trailing `/`; empty for the scanned folder itself.
    path: String,
    depth: usize,
}

pub struct DriveListing {
    client: Arc<DriveClient>,
    lender: Lender,
    folders: VecDeque<DriveFolder>,
    /// Ids of files and folders already found.
    seen: HashSet<String>,
    entries: VecDeque<Entry>,
    files: usize,
    met_folders: usize,
}

impl DriveListing {
    pub async fn start(client: Arc<DriveClient>, lender: Lender, folder: &str) -> Result<Self, SourceError> {
        let mut root = client.metadata(&lender, folder).await?;
        if let Some(target) = root.target() {
            root = client.metadata(&lender, target).await?;
        }
        if !root.is_folder() {
            let text = "this id belongs to a file in Google Drive, not to a folder";
            return Err(SourceError::Refused(text.to_owned()));
        }
        let id = root.checked_id()?.to_owned();
        let seen = HashSet::from([id.clone()]);
        let folder = DriveFolder { id, drive: root.drive_id, path: String::new(), depth: 0 };
        let (folders, entries) = (VecDeque::from([folder]), VecDeque::new());
        Ok(Self { client, lender, folders, seen, entries, files: 0, met_folders: 1 })
    }

    /// Lists the next folder.
    async fn step(&mut self, folder: &DriveFolder) -> Result<(), SourceError> {
        let items = match self.gather(folder).await {
            Ok(items) => items,
            // A folder below the requested one is an entry that cannot be read.
            Err(DriveError::Missing | DriveError::Denied(_)) if folder.depth > 0 => {
                let name = folder.path.trim_end_matches('/').to_owned();
                let locator = format!("folder/{}", folder.id);
                return self.push(Entry { name, locator, size: 0, version: "not listed".to_owned() });
            }
            Err(trouble) => return Err(trouble.into()),
        };
        for item in items {
            let name = format!("{}{}", folder.path, item.name);
            match item.target().map(str::to_owned) {
                Some(target) => self.follow(name, &target, folder.depth).await?,
                None => self.meet(name, &item, folder.depth)?,
            }
        }
        Ok(())
    }

    async fn gather(&self, folder: &DriveFolder) -> Result<Vec<Resource>, DriveError> {
        let mut items = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let drive = folder.drive.as_deref();
            let page = self.client.children(&self.lender, &folder.id, drive, token.as_deref()).await?;
            items.extend(page.files);
            if items.len() > self.client.settings.files + self.client.settings.folders {
                // The items beyond the limits are refused one by one in `meet`.
                break;
            }
            match page.next_page_token {
                Some(next) => token = Some(next),
                None => break,
            }
        }
        items.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        Ok(items)
    }

    /// Lists the target of a shortcut, under the shortcut's name.
    async fn follow(&mut self, name: String, target: &str, depth: usize) -> Result<(), SourceError> {
        if self.seen.contains(target) {
            return Ok(());
        }
        match self.client.metadata(&self.lender, target).await {
            Ok(item) => self.meet(name, &item, depth),
            Err(DriveError::Missing | DriveError::Denied(_)) => {
                self.seen.insert(target.to_owned());
                let version = "not listed".to_owned();
                self.push(Entry { name, locator: target.to_owned(), size: 0, version })
            }
            Err(trouble) => Err(trouble.into()),
        }
    }

    fn meet(&mut self, name: String, item: &Resource, depth: usize) -> Result<(), SourceError> {
        let id = item.checked_id()?.to_owned();
        if !self.seen.insert(id.clone()) {
            return Ok(());
        }
        if !item.is_folder() {
            return self.push(item.entry(name)?);
        }
        let settings = &self.client.settings;
        if depth >= settings.depth {
            let text = format!("{name} is more than {} folders deep: scan it separately", settings.depth);
            return Err(SourceError::Refused(text));
        }
        self.met_folders += 1;
        if self.met_folders > settings.folders {
            let text =
                format!("there are more than {} folders: split them into several scans", settings.folders);
            return Err(SourceError::Refused(text));
        }
        let drive = item.drive_id.clone();
        self.folders.push_back(DriveFolder { id, drive, path: format!("{name}/"), depth: depth + 1 });
        Ok(())
    }

    fn push(&mut self, entry: Entry) -> Result<(), SourceError> {
        self.files += 1;
        let most = self.client.settings.files;
        if self.files > most {
            let text = format!("there are more than {most} files: split the folders into several scans");
            return Err(SourceError::Refused(text));
        }
        self.entries.push_back(entry);
        Ok(())
    }
}

#[async_trait]
impl Pages for DriveListing {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        while self.entries.len() < PAGE
            && let Some(folder) = self.folders.pop_front()
        {
            self.step(&folder).await?;
        }
        let page: Vec<Entry> = self.entries.drain(..self.entries.len().min(PAGE)).collect();
        Ok((!page.is_empty()).then_some(page))
    }
}
