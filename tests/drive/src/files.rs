//! The files in the Drive.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use serde_json::{Value, json};

use crate::errors::DriveFault;

/// The most bytes of an export.
pub const EXPORT_LIMIT: usize = 10 << 20;

const NATIVE: &str = "application/vnd.google-apps.";

#[derive(Debug, Clone)]
pub enum DriveContent {
    Folder,
    Bytes(Vec<u8>),
    Native { kind: String, exported: Vec<u8> },
    Shortcut(String),
}

#[derive(Debug, Clone)]
pub struct DriveFile {
    pub id: String,
    pub name: String,
    pub parent: Option<String>,
    /// The shared drive that contains it.
    pub drive: Option<String>,
    pub content: DriveContent,
    pub version: u64,
    pub trashed: bool,
    pub restricted: Option<DriveFault>,
}

/// All files by id; `root` is an alias of My Drive.
#[derive(Debug)]
pub struct FileTree {
    by_id: BTreeMap<String, DriveFile>,
    made: u64,
    my_drive: String,
}

impl Default for FileTree {
    fn default() -> Self {
        let mut files = Self { by_id: BTreeMap::new(), made: 0, my_drive: String::new() };
        files.my_drive = files.insert("My Drive", None, None, DriveContent::Folder);
        files
    }
}

impl FileTree {
    fn insert(
        &mut self,
        name: &str,
        parent: Option<String>,
        drive: Option<String>,
        content: DriveContent,
    ) -> String {
        self.made += 1;
        // Not in the order in which they were made.
        let id = format!("1{:016x}-_x", self.made.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (name, version) = (name.to_owned(), self.made);
        let file = DriveFile {
            id: id.clone(),
            name,
            parent,
            drive,
            content,
            version,
            trashed: false,
            restricted: None,
        };
        self.by_id.insert(id.clone(), file);
        id
    }

    pub fn add(&mut self, parent: &str, name: &str, content: DriveContent) -> String {
        let parent = self.get(parent).expect("a folder");
        let (parent, drive) = (parent.id.clone(), parent.drive.clone());
        self.insert(name, Some(parent), drive, content)
    }

    pub fn add_drive(&mut self, name: &str) -> String {
        let id = self.insert(name, None, None, DriveContent::Folder);
        self.get_mut(&id).expect("just made").drive = Some(id.clone());
        id
    }

    pub fn get(&self, id: &str) -> Option<&DriveFile> {
        self.by_id.get(if id == "root" { self.my_drive.as_str() } else { id })
    }

    pub fn get_mut(&mut self, id: &str) -> Option<&mut DriveFile> {
        self.by_id.get_mut(if id == "root" { self.my_drive.as_str() } else { id })
    }

    pub fn change(&mut self, id: &str, new: Vec<u8>) {
        self.made += 1;
        let version = self.made;
        let file = self.get_mut(id).expect("a file");
        file.version = version;
        match &mut file.content {
            DriveContent::Bytes(bytes) => *bytes = new,
            DriveContent::Native { exported, .. } => *exported = new,
            DriveContent::Folder | DriveContent::Shortcut(_) => panic!("{id} has no content"),
        }
    }

    pub fn remove(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    pub fn find(&self, folder: &str, path: &str) -> Option<String> {
        let folder = self.get(folder)?;
        let (first, rest) = match path.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        let mut children = self.children(&folder.id).into_iter();
        let child = children.find(|file| file.name == first)?;
        match rest {
            None => Some(child.id.clone()),
            Some(rest) => self.find(&child.id, rest),
        }
    }

    /// Returns the files directly in a folder, sorted by name, without those in the trash.
    pub fn children(&self, folder: &str) -> Vec<&DriveFile> {
        let folder = self.get(folder).map(|folder| folder.id.as_str());
        let mut children: Vec<&DriveFile> =
            self.by_id.values().filter(|file| !file.trashed && file.parent.as_deref() == folder).collect();
        if folder.is_none() {
            children.clear();
        }
        children.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        children
    }

    /// All that is known of a file.
    pub fn resource(&self, file: &DriveFile) -> Value {
        let modified =
            format!("2026-01-02T03:04:{:02}.{:03}Z", file.version / 1_000 % 60, file.version % 1_000);
        let mut resource = json!({
            "kind": "drive#file",
            "id": file.id,
            "name": file.name,
            "mimeType": mime_type(&file.content),
            "parents": file.parent.iter().collect::<Vec<_>>(),
            "trashed": file.trashed,
            "version": file.version.to_string(),
            "modifiedTime": modified,
        });
        let resource_map = resource.as_object_mut().expect("an object");
        let mut set = |name: &str, value: Value| resource_map.insert(name.to_owned(), value);
        if let Some(drive) = &file.drive {
            set("driveId", json!(drive));
        }
        match &file.content {
            DriveContent::Bytes(bytes) => {
                set("size", json!(bytes.len().to_string()));
                set("md5Checksum", json!(md5(bytes)));
                set("headRevisionId", json!(format!("0B{:x}", file.version)));
            }
            // The space it takes in the owner's storage, which is unrelated to the size of an export.
            DriveContent::Native { .. } => {
                set("size", json!("1024"));
            }
            DriveContent::Shortcut(target) => {
                let mime =
                    self.get(target).map_or_else(|| format!("{NATIVE}document"), |it| mime_type(&it.content));
                set("shortcutDetails", json!({ "targetId": target, "targetMimeType": mime }));
            }
            DriveContent::Folder => {}
        }
        resource
    }
}

fn mime_type(content: &DriveContent) -> String {
    match content {
        DriveContent::Folder => format!("{NATIVE}folder"),
        DriveContent::Shortcut(_) => format!("{NATIVE}shortcut"),
        DriveContent::Native { kind, .. } => format!("{NATIVE}{kind}"),
        DriveContent::Bytes(_) => "application/octet-stream".to_owned(),
    }
}

fn md5(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Md5::digest(bytes))
}

/// Whether a document of this kind can be exported as that.
pub fn exports(kind: &str, mime: &str) -> bool {
    const OFFICE: &str = "application/vnd.openxmlformats-officedocument.";
    let office = mime.strip_prefix(OFFICE);
    match kind {
        "document" => office == Some("wordprocessingml.document") || mime == "application/pdf",
        "spreadsheet" => office == Some("spreadsheetml.sheet") || mime == "application/pdf",
        "presentation" => office == Some("presentationml.presentation") || mime == "application/pdf",
        "drawing" => matches!(mime, "application/pdf" | "image/png" | "image/svg+xml"),
        _ => false,
    }
}
