//! Shows the folders of this machine for choosing one.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use riffle_ports::{Folder, FolderBrowser, MAX_FOLDERS, SourceError};

use crate::objects::elsewhere;

/// Shows folders, starting at `home`.
#[derive(Debug, Clone)]
pub struct LocalBrowser {
    pub home: PathBuf,
}

#[async_trait]
impl FolderBrowser for LocalBrowser {
    async fn folder(&self, path: Option<&str>) -> Result<Folder, SourceError> {
        let path = path.map_or_else(|| self.home.clone(), PathBuf::from);
        elsewhere(move || look(&path)).await?
    }
}

fn look(path: &Path) -> Result<Folder, SourceError> {
    let refused = |why: &str| SourceError::Refused(why.to_owned());
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => refused("This folder does not exist."),
        ErrorKind::NotADirectory => refused("This is not a folder."),
        ErrorKind::PermissionDenied => refused("You do not have permission to open this folder."),
        _ => SourceError::Refused(format!("{} cannot be shown: {error}.", path.display())),
    };
    if !path.is_absolute() {
        return Err(refused("Enter the full path, for example /home/me/drawings."));
    }
    // Without links and `..`, so that the parent is the one a person expects.
    let path = fs::canonicalize(path).map_err(failed)?;
    let shown = path.to_str().ok_or_else(|| refused("The path of this folder is not valid UTF-8."))?;
    let mut folders = Vec::new();
    let mut files = 0;
    for entry in fs::read_dir(&path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().as_bytes().starts_with(b".") {
            continue;
        }
        // A link counts as its target; a dangling link counts as neither.
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => {
                if let (Ok(name), Some(path)) = (entry.file_name().into_string(), entry.path().to_str()) {
                    folders.push((name, path.to_owned()));
                }
            }
            Ok(metadata) if metadata.is_file() => files += 1,
            _ => {}
        }
    }
    folders.sort();
    folders.truncate(MAX_FOLDERS);
    let parent = path.parent().and_then(Path::to_str).map(str::to_owned);
    Ok(Folder { path: shown.to_owned(), parent, folders, files })
}
