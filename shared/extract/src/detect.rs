//! Decides what a file is from its content.

use crate::ExtractError;
use memchr::memmem;

/// What the first look says. Text is told apart further once it is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Pdf,
    /// An OOXML package with sheets as XML.
    Xlsx,
    Xlsb,
    Ods,
    Xls,
    Text,
}

const OLE2: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
/// A PDF's first line may come after so many bytes of something else.
const PDF_HEADER_WITHIN: usize = 1024;
/// How much of a file must look like text.
const TEXT_SAMPLE: usize = 64 * 1024;

pub(crate) fn detect(bytes: &[u8]) -> Result<Found, ExtractError> {
    if bytes.is_empty() {
        return Err(ExtractError::Empty);
    }
    let unsupported = |what: &str| Err(ExtractError::Unsupported(what.to_owned()));
    if bytes.starts_with(b"%PDF-") {
        return Ok(Found::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return zip(bytes);
    }
    if bytes.starts_with(OLE2) {
        return ole(bytes);
    }
    if let Some(what) = known_binary(bytes) {
        return unsupported(what);
    }
    let head = &bytes[..bytes.len().min(PDF_HEADER_WITHIN)];
    // A text that merely speaks of PDF headers has no end-of-file mark of one.
    if memmem::find(head, b"%PDF-").is_some() && memmem::find(bytes, b"endobj").is_some() {
        return Ok(Found::Pdf);
    }
    if looks_like_text(&bytes[..bytes.len().min(TEXT_SAMPLE)]) {
        return Ok(Found::Text);
    }
    unsupported("binary")
}

/// Formats that are no text and are told by their first bytes.
fn known_binary(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 24] = [
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xFF\xD8\xFF", "JPEG image"),
        (b"GIF87a", "GIF image"),
        (b"GIF89a", "GIF image"),
        (b"II*\0", "TIFF image"),
        (b"MM\0*", "TIFF image"),
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
        [b'R', b'I', b'F', b'F', ..] => Some("media"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("video"),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some("BMP image"),
        _ => None,
    }
}

/// Looks at the names in a ZIP file's directory, which all stand in its last part.
fn zip(bytes: &[u8]) -> Result<Found, ExtractError> {
    let damaged = || ExtractError::Damaged("the ZIP container's directory cannot be read".to_owned());
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|_| damaged())?;
    let unsupported = |what: &str| Err(ExtractError::Unsupported(what.to_owned()));
    if archive.index_for_name("[Content_Types].xml").is_some() {
        if archive.index_for_name("xl/workbook.bin").is_some() {
            return Ok(Found::Xlsb);
        }
        let has =
            |folder: &str| archive.file_names().flatten().any(|n| n.to_ascii_lowercase().starts_with(folder));
        if has("xl/") {
            return Ok(Found::Xlsx);
        }
        return match () {
            () if has("word/") => unsupported("Word document"),
            () if has("ppt/") => unsupported("PowerPoint"),
            () => unsupported("ZIP archive"),
        };
    }
    if let Ok(mut entry) = archive.by_name("mimetype") {
        let mut mime = String::new();
        let mut short = std::io::Read::take(&mut entry, 128);
        if std::io::Read::read_to_string(&mut short, &mut mime).is_ok() {
            return match mime.trim() {
                m if m.contains("opendocument.spreadsheet") => Ok(Found::Ods),
                m if m.contains("opendocument.text") => unsupported("OpenDocument text"),
                m if m.contains("opendocument.presentation") => unsupported("OpenDocument presentation"),
                m if m.contains("epub") => unsupported("e-book"),
                _ => unsupported("ZIP archive"),
            };
        }
    }
    unsupported("ZIP archive")
}

/// Looks for stream names in an OLE2 compound file. They stand in UTF-16 in its directory; looking for the
/// bytes finds them without walking a structure that may be damaged.
fn ole(bytes: &[u8]) -> Result<Found, ExtractError> {
    let has = |name: &str| {
        let mut wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        wide.extend([0, 0]);
        memmem::find_iter(bytes, &wide).any(|at| at % 128 == 0)
    };
    let unsupported = |what: &str| Err(ExtractError::Unsupported(what.to_owned()));
    match () {
        () if has("EncryptedPackage") || has("EncryptionInfo") => Err(ExtractError::Encrypted),
        () if has("Workbook") || has("Book") => Ok(Found::Xls),
        () if has("WordDocument") => unsupported("Word document"),
        () if has("PowerPoint Document") => unsupported("PowerPoint"),
        () if has("__substg1.0_0037001F") || has("__properties_version1.0") => unsupported("Outlook message"),
        () => unsupported("Office container"),
    }
}

/// Text has next to no control characters, whatever its encoding; UTF-16 is known by its mark or its zeros.
fn looks_like_text(sample: &[u8]) -> bool {
    if crate::decode::utf16(sample).is_some() {
        return true;
    }
    let odd = sample.iter().filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127)).count();
    memchr::memchr(0, sample).is_none() && odd * 100 <= sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(bytes: &[u8]) -> String {
        detect(bytes).expect_err("not readable").to_string()
    }

    #[test]
    fn content_decides() {
        assert_eq!(detect(b"%PDF-1.4\n"), Ok(Found::Pdf));
        assert_eq!(detect(b"junk line\n%PDF-1.4\n1 0 obj\nendobj"), Ok(Found::Pdf));
        assert_eq!(detect(b"a text about %PDF-1.4 headers"), Ok(Found::Text));
        assert_eq!(detect("grüße".as_bytes()), Ok(Found::Text));
        assert_eq!(detect(b"h\0i\0 \0x\0\n\0"), Ok(Found::Text));
        assert_eq!(detect(b""), Err(ExtractError::Empty));
    }

    #[test]
    fn what_is_not_read_is_named() {
        assert!(why(b"\x89PNG\r\n\x1a\n\0\0").starts_with("PNG image"));
        assert!(why(b"AC1027\0\0\0").starts_with("DWG drawing"));
        assert!(why(b"\x01\x02\x03\x04\0\0\0\xFF").starts_with("binary"));
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
        assert_eq!(detect(&with("Workbook")), Ok(Found::Xls));
        assert_eq!(detect(&with("Book")), Ok(Found::Xls));
        assert_eq!(detect(&with("EncryptedPackage")), Err(ExtractError::Encrypted));
        assert!(why(&with("WordDocument")).starts_with("Word document"));
    }
}
