//! A file as Google describes it.

use riffle_ports::{Entry, PortError, is_drive_id};
use serde::Deserialize;

use crate::kind::{FOLDER, SHORTCUT, native};

/// The fields requested for each file.
pub const FIELDS: &str =
    "id,name,mimeType,size,md5Checksum,headRevisionId,modifiedTime,trashed,driveId,shortcutDetails";

/// The prefix of a version that is a checksum.
pub const MD5: &str = "md5 ";

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    pub id: String,
    #[serde(default)]
    pub name: String,
    pub mime_type: String,
    size: Option<String>,
    md5_checksum: Option<String>,
    head_revision_id: Option<String>,
    modified_time: Option<String>,
    #[serde(default)]
    pub trashed: bool,
    pub drive_id: Option<String>,
    pub shortcut_details: Option<ShortcutDetails>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShortcutDetails {
    pub target_id: String,
}

impl Resource {
    pub fn is_folder(&self) -> bool {
        self.mime_type == FOLDER
    }

    /// Returns the id of a shortcut's target.
    pub fn target(&self) -> Option<&str> {
        let target = self.shortcut_details.as_ref().filter(|_| self.mime_type == SHORTCUT)?;
        is_drive_id(&target.target_id).then_some(&target.target_id)
    }

    /// Returns the version of a file. Documents without bytes have no checksum and no revision. Google's `version`
    /// field also rises with invisible changes, such as sharing, which would make healthy files fail as changed;
    /// `modifiedTime` is the time of the last change of the content.
    pub fn version(&self) -> String {
        match (&self.md5_checksum, &self.head_revision_id, &self.modified_time) {
            (Some(sum), ..) => format!("{MD5}{sum}"),
            (None, Some(revision), _) => format!("revision {revision}"),
            (None, None, Some(time)) => format!("modified {time}"),
            (None, None, None) => "unknown".to_owned(),
        }
    }

    /// Returns the entry for a listing.
    pub fn entry(&self, name: String) -> Result<Entry, PortError> {
        let id = self.checked_id()?;
        let (locator, size) = match native(&self.mime_type) {
            // The size that Google reports is not the size of the export.
            Some(kind) => (format!("{kind}/{id}"), 0),
            None => (id.to_owned(), self.size.as_deref().and_then(|size| size.parse().ok()).unwrap_or(0)),
        };
        Ok(Entry { name, locator, size, version: self.version() })
    }

    pub fn checked_id(&self) -> Result<&str, PortError> {
        if is_drive_id(&self.id) {
            return Ok(&self.id);
        }
        Err(PortError::Broken(format!("Google Drive returned a file with the id {:?}", self.id)))
    }
}
