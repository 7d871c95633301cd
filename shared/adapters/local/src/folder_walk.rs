//! The walk through a folder: which files are entries, in which order and under which name.
//!
//! - Regular files and links to regular files are entries.
//! - Hidden names (`.` first) and the lock files of office programs (`~$` first) are skipped, folders with everything
//!   below them.
//! - Links to folders are never followed, so there are no loops. A link into a folder that is listed anyway is skipped;
//!   any other is an entry that cannot be read, with the reason.
//! - Pipes, sockets and devices are skipped.
//! - A folder that cannot be listed and a dangling link are entries that cannot be read.
//! - If a folder is given twice, or is inside another, each file is listed once.
//! - Within a folder, names are sorted by their bytes.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use riffle_ports::{Entry, PortError, SourceError};
use walkdir::{DirEntry, WalkDir};

/// Versions of entries that cannot be read. No file's version has this form.
pub(crate) const UNLISTED: &str = "unlisted";
pub(crate) const LINK_TO_FOLDER: &str = "link-to-folder";
/// A folder that could not be listed at first and now can be.
pub(crate) const OPENED_SINCE: &str = "opened-since";

/// A locator appears in messages and logs, so it uses only visible ASCII.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%').add(b' ').add(b'"');

/// A walk through several folders that can be paused between pages.
pub(crate) struct Walk {
    roots: Vec<Root>,
    /// The index of the root after the current one.
    next_root: usize,
    under_way: Option<Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send>>,
}

struct Root {
    path: PathBuf,
    /// The path with links resolved.
    real: PathBuf,
    listed_by_another: bool,
}

impl Walk {
    /// Checks the roots, and reads nothing below them yet.
    pub(crate) fn start(folders: &[String]) -> Result<Self, SourceError> {
        let mut roots = folders.iter().map(|folder| Root::check(folder)).collect::<Result<Vec<_>, _>>()?;
        for index in 0..roots.len() {
            roots[index].listed_by_another = roots.iter().enumerate().any(|(other_index, other)| {
                let twice = other.real == roots[index].real;
                (twice && other_index < index) || (!twice && other.lists(&roots[index].real))
            });
        }
        Ok(Self { roots, next_root: 0, under_way: None })
    }

    /// Returns up to `max` more entries; none at the end.
    pub(crate) fn page(&mut self, max: usize) -> Result<Vec<Entry>, SourceError> {
        let mut entries = Vec::new();
        while entries.len() < max {
            let Some(walk) = &mut self.under_way else {
                let Some(root) = self.roots.get(self.next_root) else {
                    break;
                };
                self.next_root += 1;
                self.under_way = (!root.listed_by_another).then(|| root.walk());
                continue;
            };
            match walk.next() {
                None => self.under_way = None,
                Some(found) => entries.extend(self.entry(found)?),
            }
        }
        Ok(entries)
    }

    fn entry(&self, found: walkdir::Result<DirEntry>) -> Result<Option<Entry>, SourceError> {
        let index = self.next_root - 1;
        let root = &self.roots[index];
        let (path, state) = match found {
            Ok(found) if found.file_type().is_dir() => return Ok(None),
            Ok(found) => {
                let state = match fs::metadata(found.path()) {
                    Ok(metadata) if metadata.is_file() => (metadata.len(), version(&metadata)),
                    Ok(metadata) if metadata.is_dir() => match fs::canonicalize(found.path()) {
                        Ok(target) if self.roots.iter().any(|root| root.lists(&target)) => return Ok(None),
                        _ => (0, LINK_TO_FOLDER.to_owned()),
                    },
                    Ok(_) => return Ok(None),
                    Err(_) => (0, UNLISTED.to_owned()),
                };
                (found.into_path(), state)
            }
            Err(error) => match error.path() {
                // The root itself existed a moment ago, so an error on it is refused.
                Some(path) if path != root.path => (path.to_owned(), (0, UNLISTED.to_owned())),
                _ => return Err(refused(&root.path, &error.to_string())),
            },
        };
        let relative = path.strip_prefix(&root.path).map_err(|_| {
            SourceError::Port(PortError::Broken(format!(
                "the walk through {} came to {}",
                root.path.display(),
                path.display()
            )))
        })?;
        Ok(Some(Entry {
            name: relative.to_string_lossy().into_owned(),
            locator: locator(index, relative),
            size: state.0,
            version: state.1,
        }))
    }
}

impl Root {
    fn check(folder: &str) -> Result<Self, SourceError> {
        let path = PathBuf::from(folder);
        if !path.is_absolute() {
            return Err(SourceError::Refused(format!(
                "{folder:?} is not a full path: enter the full path, for example /home/me/drawings"
            )));
        }
        let real = fs::canonicalize(&path).map_err(|error| refused(&path, &plain(&error)))?;
        if !real.is_dir() {
            return Err(refused(&path, "it is not a folder"));
        }
        // A root that cannot be listed is refused now instead of appearing empty later.
        fs::read_dir(&real).map_err(|error| refused(&path, &plain(&error)))?;
        Ok(Self { path, real, listed_by_another: false })
    }

    fn walk(&self) -> Box<dyn Iterator<Item = walkdir::Result<DirEntry>> + Send> {
        let walk = WalkDir::new(&self.path).sort_by_file_name().into_iter();
        Box::new(walk.filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name())))
    }

    /// Returns whether a walk from here reaches the folder with this real path.
    fn lists(&self, real: &Path) -> bool {
        real.strip_prefix(&self.real).is_ok_and(|below| !below.iter().any(is_hidden))
    }
}

/// Describes why a path cannot be read, for a person.
pub(crate) fn plain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "it does not exist".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

fn refused(path: &Path, why: &str) -> SourceError {
    SourceError::Refused(format!(
        "the folder {} cannot be read: {why}; check its name and permissions",
        path.display()
    ))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().starts_with(b".") || name.as_bytes().starts_with(b"~$")
}

/// Returns a version that changes with size and modification time (in nanoseconds if the file system has them).
pub(crate) fn version(metadata: &Metadata) -> String {
    format!("{}-{}.{:09}", metadata.len(), metadata.mtime(), metadata.mtime_nsec())
}

/// Returns a locator such as `3/sub/file.pdf`: the number of the folder in the source, and the bytes of the path below
/// it, escaped.
fn locator(root: usize, relative: &Path) -> String {
    let path = percent_encode(relative.as_os_str().as_bytes(), ESCAPED);
    format!("{root}/{path}")
}

/// Returns the path of a locator; `None` if the locator is invalid or leads out of the folder.
pub(crate) fn locate(folders: &[String], locator: &str) -> Option<PathBuf> {
    let (root, relative) = locator.split_once('/')?;
    let folder = folders.get(root.parse::<usize>().ok()?)?;
    let relative = PathBuf::from(OsString::from_vec(percent_decode_str(relative).collect()));
    relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| Path::new(folder).join(relative))
}
