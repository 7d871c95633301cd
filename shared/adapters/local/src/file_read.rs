//! Reads one file, if it is still the listed version.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use riffle_ports::{Confirmed, Content, Entry, Opened, PortError, ReadError};

use crate::folder_walk::{LINK_TO_FOLDER, OPENED_SINCE, plain, version};

/// An open file of this machine, at the listed version.
pub(crate) struct LocalFile {
    file: File,
    size: u64,
    path: PathBuf,
    entry: Entry,
}

/// On file systems with a coarse clock, a second change within this time may leave the version the same.
const SETTLES_AFTER: Duration = Duration::from_secs(2);

impl LocalFile {
    pub fn open(path: PathBuf, entry: Entry, limit: u64) -> Result<Self, ReadError> {
        // Checks before opening, because opening a device or a pipe may have effects.
        check(&fs::metadata(&path).map_err(read_error)?, &path, &entry)?;
        let file = open(&path).map_err(read_error)?;
        let metadata = file.metadata().map_err(read_error)?;
        check(&metadata, &path, &entry)?;
        let size = metadata.len();
        if size > limit {
            return Err(ReadError::TooLarge { size, limit });
        }
        Ok(Self { file, size, path, entry })
    }
}

impl Opened for LocalFile {
    fn content(&self) -> Content<'_> {
        Content::File(&self.file, self.size)
    }

    /// Compares the version again, which proves that the read content is consistent: a file being written is
    /// [`ReadError::Changed`].
    fn confirm(&self) -> Result<Confirmed, ReadError> {
        let metadata = self.file.metadata().map_err(read_error)?;
        check(&metadata, &self.path, &self.entry)?;
        let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
        Ok(if age.is_some_and(|age| age > SETTLES_AFTER) { Confirmed::Settled } else { Confirmed::Recent })
    }
}

/// Opens a file, or whatever has taken its place.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        // If a pipe has taken the file's place, do not wait for a writer.
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
}

fn check(metadata: &Metadata, path: &Path, entry: &Entry) -> Result<(), ReadError> {
    if metadata.is_dir() {
        return Err(folder_error(path, entry));
    }
    if !metadata.is_file() || version(metadata) != entry.version {
        return Err(ReadError::Changed);
    }
    Ok(())
}

fn folder_error(path: &Path, entry: &Entry) -> ReadError {
    if entry.version == LINK_TO_FOLDER {
        return ReadError::Denied(
            "a link to another folder, which is not followed; scan that folder separately".to_owned(),
        );
    }
    if entry.version == OPENED_SINCE {
        return ReadError::Denied(
            "this folder is readable now, but its content was not listed; scan it separately".to_owned(),
        );
    }
    match fs::read_dir(path) {
        Err(error) => ReadError::Denied(format!("nothing in this folder was read: {}", plain(&error))),
        Ok(_) => ReadError::Changed,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn read_error(error: io::Error) -> ReadError {
    let out_of_files = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Missing,
        // Temporary errors, which a retry may resolve.
        ErrorKind::Interrupted
        | ErrorKind::TimedOut
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::ResourceBusy
        | ErrorKind::OutOfMemory
        | ErrorKind::WouldBlock => ReadError::Port(PortError::Unavailable(error.to_string())),
        _ if out_of_files => ReadError::Port(PortError::Unavailable(error.to_string())),
        _ => ReadError::Denied(plain(&error)),
    }
}
