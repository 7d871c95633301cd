//! The first look at a file: determines its format from its content.
//!
//! Each format decides for itself ([`crate::formats`]). This module provides the views of the file they decide by, the
//! costly ones created at most once and only on request, and names for formats that are not read.

use std::borrow::Cow;
use std::cell::OnceCell;

use bytes::Bytes;
use memchr::memmem;

use crate::ExtractError;
use crate::formats::{FORMATS, FormatParser};
use crate::package::Package;
use crate::{FileFormat, decode};

const OLE2: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// Bytes at the start of a file that must look like text.
const TEXT_SAMPLE: usize = 64 * 1024;

pub(crate) struct SniffedFile<'a> {
    /// Only a hint where the content cannot decide.
    pub name: &'a str,
    pub bytes: &'a Bytes,
    package: Option<Package<'a>>,
    text: OnceCell<Option<Cow<'a, str>>>,
}

impl<'a> SniffedFile<'a> {
    pub fn new(name: &'a str, bytes: &'a Bytes) -> Result<Self, ExtractError> {
        let zip = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06");
        let package = if zip { Some(Package::open(bytes)?) } else { None };
        Ok(Self { name, bytes, package, text: OnceCell::new() })
    }

    /// Returns the first format that recognises the file.
    pub fn format(&self) -> Result<(FileFormat, &'static FormatParser), ExtractError> {
        if self.bytes.is_empty() {
            return Err(ExtractError::Empty);
        }
        if self.has_stream("EncryptedPackage") || self.has_stream("EncryptionInfo") {
            return Err(ExtractError::Encrypted);
        }
        FORMATS.iter().find(|(_, format)| (format.is)(self)).copied().ok_or_else(|| {
            match (self.foreign(), self.expected()) {
                (Some(foreign), _) => ExtractError::Unsupported(foreign.to_owned()),
                (None, Some(expected)) => ExtractError::Invalid(expected.to_owned()),
                (None, None) => ExtractError::Unsupported("binary".to_owned()),
            }
        })
    }

    /// Returns the format that the name promises, if it is one of those that are read.
    fn expected(&self) -> Option<&'static str> {
        const NAMES: [(&[&str], &str); 14] = [
            (&[".pdf"], "PDF"),
            (&[".docx", ".docm"], "Word document"),
            (&[".pptx", ".pptm"], "PowerPoint presentation"),
            (&[".xlsx", ".xlsm", ".xlsb", ".xls"], "Excel workbook"),
            (&[".ods"], "OpenDocument spreadsheet"),
            (&[".csv", ".tsv", ".tab", ".psv"], "CSV file"),
            (&[".txt", ".md", ".log"], "text file"),
            (&[".html", ".htm", ".xhtml"], "HTML file"),
            (&[".xml"], "XML file"),
            (&[".json"], "JSON file"),
            (&[".zip"], "ZIP archive"),
            (&[".png"], "PNG image"),
            (&[".jpg", ".jpeg"], "JPEG image"),
            (&[".tif", ".tiff"], "TIFF image"),
        ];
        NAMES.iter().find(|(endings, _)| self.is_named(endings)).map(|(_, format)| *format)
    }

    /// Returns the format of the file, if it is known but not read.
    pub fn foreign(&self) -> Option<&'static str> {
        match &self.package {
            Some(package) => package.foreign(),
            None if self.is_compound() => Some(self.compound()),
            None => binary(self.bytes),
        }
    }

    pub fn starts_with(&self, magic: &[u8]) -> bool {
        self.bytes.starts_with(magic)
    }

    /// Returns whether the name has one of these endings, each in lower case with its dot.
    pub fn is_named(&self, endings: &[&str]) -> bool {
        let ends = |end: &&str| {
            let at = self.name.len().checked_sub(end.len());
            at.and_then(|at| self.name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        endings.iter().any(ends)
    }

    /// Returns the directory of a ZIP file.
    pub fn package(&self) -> Option<&Package<'a>> {
        self.package.as_ref()
    }

    /// Returns whether it is an Office document: see [`Package::is_office`].
    pub fn is_office(&self, folder: &str, main: &str) -> bool {
        self.package().is_some_and(|package| package.is_office(folder, main))
    }

    /// Returns whether it is an OLE2 compound file with such a stream. Its directory has names in UTF-16; searching for
    /// the bytes finds them without walking a structure that may be damaged.
    pub fn has_stream(&self, name: &str) -> bool {
        if !self.is_compound() {
            return false;
        }
        let mut wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        wide.extend([0, 0]);
        memmem::find_iter(self.bytes, &wide).any(|at| at % 128 == 0)
    }

    /// Returns the whole file decoded, if it is text.
    pub fn text(&self) -> Option<&str> {
        let text = self.text.get_or_init(|| {
            let other = self.package.is_some() || self.foreign().is_some();
            let sample = &self.bytes[..self.bytes.len().min(TEXT_SAMPLE)];
            (!other && looks_like_text(sample)).then(|| decode::decode(self.bytes))
        });
        text.as_deref()
    }

    fn is_compound(&self) -> bool {
        self.starts_with(OLE2)
    }

    fn compound(&self) -> &'static str {
        match () {
            () if self.has_stream("WordDocument") => "Word 97-2003 document",
            () if self.has_stream("PowerPoint Document") => "PowerPoint 97-2003",
            () if self.has_stream("__substg1.0_0037001F") || self.has_stream("__properties_version1.0") => {
                "Outlook message"
            }
            () => "Office container",
        }
    }
}

/// Names formats that are not text, are recognised by their first bytes and are not read.
fn binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 22] = [
        (b"GIF87a", "GIF image"),
        (b"GIF89a", "GIF image"),
        (b"II+\0", "BigTIFF image"),
        (b"MM\0+", "BigTIFF image"),
        (b"\0\0\x01\0", "icon"),
        (b"8BPS", "Photoshop"),
        (b"\x1F\x8B", "gzip archive"),
        (b"BZh", "bzip2 archive"),
        (b"\xFD7zXZ\0", "xz archive"),
        (b"\x28\xB5\x2F\xFD", "zstd archive"),
        (b"7z\xBC\xAF\x27\x1C", "7-Zip archive"),
        (b"Rar!\x1A\x07", "RAR archive"),
        (b"\x7FELF", "program"),
        (b"MZ\x90\0", "program"),
        (b"OggS", "Ogg media"),
        (b"ID3", "MP3 audio"),
        (b"fLaC", "FLAC audio"),
        (b"SQLite format 3\0", "SQLite database"),
        (b"{\\rtf", "RTF document"),
        (b"%!PS", "PostScript"),
        (b"wOFF", "font"),
        (b"\0\x01\0\0\0", "font"),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    match bytes {
        [b'A', b'C', b'1', b'0', b'0'..=b'9', b'0'..=b'9', ..] => Some("DWG drawing"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("WebP image"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("WAV audio"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', b' ', ..] => Some("AVI video"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("BMP image"),
        _ => None,
    }
}

/// Returns whether bytes look like text: text has almost no control characters in any encoding but UTF-16, which is
/// recognised by its byte order mark or its zeros.
fn looks_like_text(sample: &[u8]) -> bool {
    if decode::utf16(sample).is_some() {
        return true;
    }
    let odd = sample.iter().filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127)).count();
    memchr::memchr(0, sample).is_none() && odd * 100 <= sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Result<FileFormat, ExtractError> {
        let bytes = Bytes::copy_from_slice(bytes);
        SniffedFile::new("", &bytes)?.format().map(|(kind, _)| kind)
    }

    fn why(bytes: &[u8]) -> String {
        kind(bytes).expect_err("not readable").to_string()
    }

    #[test]
    fn content_decides() {
        assert_eq!(kind(b"%PDF-1.4\n"), Ok(FileFormat::Pdf));
        assert_eq!(kind(b"junk line\n%PDF-1.4\n1 0 obj\nendobj"), Ok(FileFormat::Pdf));
        assert_eq!(kind(b"a text about %PDF-1.4 headers"), Ok(FileFormat::Text));
        assert_eq!(kind("grüße".as_bytes()), Ok(FileFormat::Text));
        assert_eq!(kind(b"h\0i\0 \0x\0\n\0"), Ok(FileFormat::Text));
        assert_eq!(kind(b""), Err(ExtractError::Empty));
    }

    #[test]
    fn what_is_not_read_is_named() {
        assert!(why(b"GIF89a\0\0").starts_with("GIF image"));
        assert!(why(b"AC1027\0\0\0").starts_with("DWG drawing"));
        let binary = Bytes::from_static(b"\x01\x02\x03\x04\0\0\0\xFF");
        assert!(why(&binary).starts_with("binary"));
        let named = |name| SniffedFile::new(name, &binary)?.format().map(|(kind, _)| kind);
        assert_eq!(named("a.PDF"), Err(ExtractError::Invalid("PDF".to_owned())));
        assert_eq!(named("a.dat"), Err(ExtractError::Unsupported("binary".to_owned())));
    }

    #[test]
    fn compound_files_are_told_by_their_streams() {
        let with = |name: &str| {
            let mut file = OLE2.to_vec();
            file.resize(512, 0);
            file.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
            file.resize(1024, 0);
            file
        };
        assert_eq!(kind(&with("Workbook")), Ok(FileFormat::Xls));
        assert_eq!(kind(&with("Book")), Ok(FileFormat::Xls));
        assert_eq!(kind(&with("EncryptedPackage")), Err(ExtractError::Encrypted));
        assert!(why(&with("WordDocument")).starts_with("Word 97-2003 document"));
    }
}
