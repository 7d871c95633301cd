//! ZIP containers: their contents, and their parts unpacked within the limits.
//!
//! The `zip` crate returns no more bytes of an entry than its size in the directory, so sizes can be checked before
//! anything is unpacked.

use std::io::{Cursor, Read};

use memchr::memmem;
use zip::ZipArchive;
use zip::result::ZipError;

use crate::ExtractError;
use crate::output::UnitOutput;

/// Bytes of the list of types that are searched.
const TYPES_MAX: u64 = 1 << 20;
/// Entries above which a directory is not read into memory (this many take about 40 MB).
const ENTRIES_MAX: u64 = 100_000;

pub(crate) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

impl<'a> Package<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Self, ExtractError> {
        let entries = entries(bytes);
        if entries > ENTRIES_MAX {
            return Err(ExtractError::TooLarge(format!("an archive of {entries} files")));
        }
        match ZipArchive::new(Cursor::new(bytes)) {
            Ok(archive) => Ok(Self { archive }),
            Err(_) => Err(ExtractError::Damaged("the ZIP container's directory cannot be read".to_owned())),
        }
    }

    /// Returns a copy to read from; the directory is shared.
    pub fn archive(&self) -> ZipArchive<Cursor<&'a [u8]>> {
        self.archive.clone()
    }

    /// Returns whether it is an Office document of a kind: its parts are in `folder`, or its list of types has a main
    /// part of type `main`.
    pub fn is_office(&self, folder: &str, main: &str) -> bool {
        self.index("[Content_Types].xml").is_some()
            && (self.names().any(|name| starts_with(name, folder)) || self.says(main))
    }

    fn says(&self, main: &str) -> bool {
        let mut types = Vec::new();
        let mut archive = self.archive();
        let entry = self.index("[Content_Types].xml").and_then(|index| archive.by_index(index).ok());
        let read = entry.map(|entry| entry.take(TYPES_MAX).read_to_end(&mut types));
        matches!(read, Some(Ok(_))) && memmem::find(&types, main.as_bytes()).is_some()
    }

    /// Finds a part. Names of parts ignore case, and some programs write them with backslashes.
    fn index(&self, name: &str) -> Option<usize> {
        let same = |known: &[u8]| known.len() == name.len() && starts_with(known, name);
        self.archive.index_for_name(name).or_else(|| self.names().position(same))
    }

    /// Returns the type that an open document or an e-book declares.
    pub fn mimetype(&self) -> Option<String> {
        let mut archive = self.archive();
        let mut mime = String::new();
        archive.by_name("mimetype").ok()?.take(128).read_to_string(&mut mime).ok()?;
        Some(mime.trim().to_owned())
    }

    /// Returns the format, if it is known, is more than an archive of files and is not read.
    pub fn foreign(&self) -> Option<&'static str> {
        if self.is_office("visio/", "visio.drawing") {
            return Some("Visio drawing");
        }
        let mime = self.mimetype()?;
        match mime.as_str() {
            m if m.contains("opendocument.text") => Some("OpenDocument text"),
            m if m.contains("opendocument.presentation") => Some("OpenDocument presentation"),
            m if m.contains("opendocument.graphics") => Some("OpenDocument drawing"),
            m if m.contains("epub") => Some("e-book"),
            _ => None,
        }
    }

    /// Unpacks a part of a document. Returns `None` if there is no part of this name.
    pub fn part(&self, name: &str, out: &mut UnitOutput<'_>) -> Result<Option<Vec<u8>>, ExtractError> {
        let mut archive = self.archive();
        let Some(index) = self.index(name) else { return Ok(None) };
        let entry = archive.by_index(index).map_err(|error| failure(&error))?;
        let (packed, size) = (entry.compressed_size(), entry.size());
        unpack(entry, packed, size, out).map(Some)
    }

    /// Opens a part to be read as a stream; `archive` is a copy of [`archive`](Self::archive). Returns `None` if there
    /// is no part of this name.
    pub fn stream<'r>(
        &self,
        archive: &'r mut ZipArchive<Cursor<&'a [u8]>>,
        name: &str,
        out: &mut UnitOutput<'_>,
    ) -> Result<Option<impl Read + use<'r, 'a>>, ExtractError> {
        let Some(index) = self.index(name) else { return Ok(None) };
        let entry = archive.by_index(index).map_err(|error| failure(&error))?;
        out.unpack(entry.compressed_size(), entry.size())?;
        Ok(Some(entry))
    }

    /// Returns whether a part is protected by a password.
    pub fn is_encrypted(&self) -> bool {
        let mut archive = self.archive();
        (0..archive.len()).any(|index| archive.by_index_raw(index).is_ok_and(|entry| entry.encrypted()))
    }

    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.archive.file_names_raw()
    }
}

fn starts_with(name: &[u8], start: &str) -> bool {
    let same = |(a, b): (&u8, &u8)| if *a == b'\\' { *b == b'/' } else { a.eq_ignore_ascii_case(b) };
    name.len() >= start.len() && name.iter().zip(start.as_bytes()).all(same)
}

/// Returns the number of files according to the end of a ZIP file. The directory is read only if there are not too
/// many.
fn entries(bytes: &[u8]) -> u64 {
    let tail = &bytes[bytes.len().saturating_sub(22 + 0xFFFF)..];
    let field = |magic: &[u8], at: usize, length: usize| {
        let found = memmem::rfind(tail, magic)?;
        let field = tail.get(found + at..found + at + length)?;
        Some(field.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    match field(b"PK\x05\x06", 10, 2) {
        // A larger record before it has the number.
        Some(0xFFFF) => field(b"PK\x06\x06", 32, 8).unwrap_or(0xFFFF),
        count => count.unwrap_or_default(),
    }
}

/// Unpacks an entry after checking that its size is within the limits.
pub(crate) fn unpack(
    mut entry: impl Read,
    packed: u64,
    size: u64,
    out: &mut UnitOutput<'_>,
) -> Result<Vec<u8>, ExtractError> {
    out.unpack(packed, size)?;
    out.room(size)?;
    // The size in the directory may be far too large for the actual content.
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(packed.saturating_mul(4))).unwrap_or(0));
    match entry.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(ExtractError::Damaged(format!("it cannot be unpacked: {error}"))),
    }
}

/// Describes an error for the owner of the file.
pub(crate) fn failure(error: &ZipError) -> ExtractError {
    match error {
        ZipError::UnsupportedArchive(why) if *why == ZipError::PASSWORD_REQUIRED => ExtractError::Encrypted,
        ZipError::InvalidPassword => ExtractError::Encrypted,
        ZipError::CompressionMethodNotSupported(method) => {
            let name = match method {
                9 => "Deflate64",
                12 => "bzip2",
                14 => "LZMA",
                93 => "Zstandard",
                95 => "XZ",
                98 => "PPMd",
                _ => "unknown",
            };
            ExtractError::Unsupported(format!("ZIP ({name} compression)"))
        }
        error => ExtractError::Damaged(format!("the ZIP container cannot be read: {error}")),
    }
}
