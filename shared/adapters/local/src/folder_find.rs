//! Looks up a file listed earlier.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use riffle_ports::Entry;

use crate::folder_walk::{LINK_TO_FOLDER, OPENED_SINCE, UNLISTED, version};

/// Returns the file at `path` as it is now; `None` if it does not exist.
pub(crate) fn find(path: &Path, entry: Entry) -> Option<Entry> {
    let (size, version) = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => (metadata.len(), version(&metadata)),
        Ok(metadata) if metadata.is_dir() && entry.version != LINK_TO_FOLDER => match fs::read_dir(path) {
            // One entry cannot become the many files in the folder.
            Ok(_) => (0, OPENED_SINCE.to_owned()),
            Err(_) => (0, UNLISTED.to_owned()),
        },
        Ok(_) => return Some(entry),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return None,
        Err(_) => (0, UNLISTED.to_owned()),
    };
    Some(Entry { size, version, ..entry })
}
