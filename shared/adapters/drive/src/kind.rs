//! The kinds of files in Google Drive: bytes, documents that can be exported, and files that cannot be read.

use riffle_ports::{PortError, is_drive_id};

/// The prefix of Google's own types.
const NATIVE: &str = "application/vnd.google-apps.";
pub const FOLDER: &str = "application/vnd.google-apps.folder";
pub const SHORTCUT: &str = "application/vnd.google-apps.shortcut";

const OFFICE: [(&str, &str); 4] = [
    ("document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("spreadsheet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("presentation", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("drawing", "application/pdf"),
];

/// The way a file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DriveKind {
    Blob,
    /// Exported as this type.
    Exported(&'static str),
    /// A folder whose content could not be listed.
    Folder,
    /// The reason.
    Unreadable(String),
}

/// A parsed locator: `ID`, or `document/ID`.
#[derive(Debug, PartialEq, Eq)]
pub struct Located<'a> {
    pub kind: DriveKind,
    pub id: &'a str,
}

/// Returns the kind of one of Google's own types, as used in a locator; `None` if the file has bytes.
pub fn native(mime: &str) -> Option<String> {
    let kind = mime.strip_prefix(NATIVE)?;
    let fits = |char: &char| char.is_ascii_lowercase() || char.is_ascii_digit() || matches!(char, '-' | '.');
    Some(kind.chars().filter(fits).take(64).collect())
}

impl<'a> Located<'a> {
    pub fn parse(locator: &'a str) -> Result<Self, PortError> {
        let (kind, id) = match locator.rsplit_once('/') {
            Some((kind, id)) => (of_native(kind), id),
            None => (DriveKind::Blob, locator),
        };
        if is_drive_id(id) {
            return Ok(Self { kind, id });
        }
        Err(PortError::Broken(format!("{locator:?} is not the locator of a Google Drive file")))
    }
}

fn of_native(kind: &str) -> DriveKind {
    if let Some((_, mime)) = OFFICE.iter().find(|(exported, _)| *exported == kind) {
        return DriveKind::Exported(mime);
    }
    let what = match kind {
        "folder" => return DriveKind::Folder,
        "form" => "Google Form",
        "site" => "Google Site",
        "map" => "map of Google My Maps",
        "script" => "Google Apps Script",
        "jam" => "Jamboard",
        "vid" => "Google Vid",
        "shortcut" => "broken shortcut",
        _ => "file that only its own app can open",
    };
    DriveKind::Unreadable(format!("it is a {what}, which has nothing to download"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locator_is_an_id_and_nothing_else() {
        assert_eq!(Located::parse("1-a_B"), Ok(Located { kind: DriveKind::Blob, id: "1-a_B" }));
        assert_eq!(
            Located::parse("drawing/1").map(|located| located.kind),
            Ok(DriveKind::Exported("application/pdf"))
        );
        let long = "a".repeat(129);
        for wrong in ["", "a b", "a/..", "1?alt=media", "document/", "a/b/ü", "1#", "%2e%2e", &long] {
            assert!(Located::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_google_calls_a_type_is_no_path() {
        assert_eq!(native("application/vnd.google-apps.drive-sdk.12").as_deref(), Some("drive-sdk.12"));
        assert_eq!(native("application/vnd.google-apps.a/../B?").as_deref(), Some("a.."));
        assert_eq!(native("application/pdf"), None);
    }
}
