//! Reading one file, if it is still the one that was listed.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use bytes::Bytes;
use riffle_ports::{Entry, PortError, ReadError};

use crate::folder_walk::{LINK_TO_FOLDER, OPENED_SINCE, version};

/// Reads the file at `path`. Its version is compared before and after, so what is returned was whole: a file
/// that is being written is [`ReadError::Changed`].
pub(crate) fn read(path: &Path, entry: &Entry, limit: u64) -> Result<Bytes, ReadError> {
    // Look before opening: to open a device or a pipe may do something.
    check(&fs::metadata(path).map_err(read_error)?, path, entry)?;
    let mut file = open(path).map_err(read_error)?;
    let before = file.metadata().map_err(read_error)?;
    check(&before, path, entry)?;
    let size = before.len();
    if size > limit {
        return Err(ReadError::TooLarge { size, limit });
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    // Not a byte more than listed, however fast the file grows.
    (&mut file).take(size + 1).read_to_end(&mut content).map_err(read_error)?;
    check(&file.metadata().map_err(read_error)?, path, entry)?;
    if content.len() as u64 != size {
        return Err(ReadError::Changed);
    }
    Ok(content.into())
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        // Should a pipe have taken the file's place, do not wait for somebody to write into it.
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
            "a link to a folder elsewhere, which is not followed; scan that folder by its own name"
                .to_owned(),
        );
    }
    if entry.version == OPENED_SINCE {
        return ReadError::Denied(
            "this folder can be read now, but what is in it was not listed; scan it by its own name"
                .to_owned(),
        );
    }
    match fs::read_dir(path) {
        Err(error) => ReadError::Denied(format!("nothing in this folder was read: {error}")),
        Ok(_) => ReadError::Changed,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it fits map_err")]
fn read_error(error: io::Error) -> ReadError {
    let out_of_files = matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE));
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Missing,
        // What another try may mend.
        ErrorKind::Interrupted
        | ErrorKind::TimedOut
        | ErrorKind::StaleNetworkFileHandle
        | ErrorKind::ResourceBusy
        | ErrorKind::OutOfMemory
        | ErrorKind::WouldBlock => ReadError::Port(PortError::Unavailable(error.to_string())),
        _ if out_of_files => ReadError::Port(PortError::Unavailable(error.to_string())),
        _ => ReadError::Denied(error.to_string()),
    }
}
