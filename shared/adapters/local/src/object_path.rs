//! Maps a key to a path below the objects folder.
//!
//! Keys that file systems cannot distinguish or store must still work: `a` and `a/b` (a file and a folder of one name),
//! and parts of up to 512 bytes (file names end at 255). So folders carry a mark that no key contains: `a/b` is `a=/b`,
//! and a part of more than 200 bytes is split into `200 bytes~/rest`.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use riffle_ports::{PortError, is_key};

const MAX_NAME: usize = 200;

/// Returns the path of `key`, relative to the objects folder. Different keys have different paths.
pub(crate) fn path_of(key: &str) -> Result<PathBuf, PortError> {
    if !is_key(key) {
        return Err(PortError::Broken(format!("{key:?} is not an object key")));
    }
    let mut path = PathBuf::new();
    let mut parts = key.split('/').peekable();
    while let Some(mut part) = parts.next() {
        while part.len() > MAX_NAME {
            let (head, rest) = part.split_at(MAX_NAME);
            path.push(format!("{head}~"));
            part = rest;
        }
        if parts.peek().is_some() {
            path.push(format!("{part}="));
        } else {
            path.push(part);
        }
    }
    Ok(path)
}

/// Returns the folder of the keys below `folder`, relative to the objects folder.
pub(crate) fn folder_of(folder: &str) -> Result<PathBuf, PortError> {
    if !is_key(folder) {
        return Err(PortError::Broken(format!("{folder:?} is not an object key")));
    }
    // A key has 512 bytes at most, so a folder that is too long with one more letter has no keys below it.
    let mut path = path_of(folder)?;
    let name = path.file_name().map(|name| format!("{}=", name.to_string_lossy())).unwrap_or_default();
    path.set_file_name(name);
    Ok(path)
}

/// Appends the keys of all files in a folder and its subfolders, each beginning with `prefix`. A missing folder is
/// empty.
pub(crate) fn collect(dir: &Path, prefix: &str, keys: &mut Vec<String>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if let Some(part) = name.strip_suffix('=') {
            collect(&entry.path(), &format!("{prefix}{part}/"), keys)?;
        } else if let Some(head) = name.strip_suffix('~') {
            collect(&entry.path(), &format!("{prefix}{head}"), keys)?;
        } else {
            keys.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_well_on_disk() -> Result<(), PortError> {
        assert_eq!(path_of("report.xlsx")?, PathBuf::from("report.xlsx"));
        assert_eq!(path_of("scan/ab/report.xlsx")?, PathBuf::from("scan=/ab=/report.xlsx"));
        Ok(())
    }

    #[test]
    fn long_parts_are_cut() -> Result<(), PortError> {
        let key = format!("{}/{}", "a".repeat(255), "b".repeat(256));
        let path = path_of(&key)?;
        for name in &path {
            assert!(name.len() <= MAX_NAME + 1);
        }
        assert_eq!(path.iter().count(), 4);
        Ok(())
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "a".repeat(513);
        for key in
            ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "A", "ä", "a b", "a\0", "a\\b", "a=", &long]
        {
            assert!(matches!(path_of(key), Err(PortError::Broken(_))), "{key:?}");
        }
    }
}
