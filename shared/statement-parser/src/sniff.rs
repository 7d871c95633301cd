//! Inspects the beginning of a file to detect its format, and names known formats that are not supported.

use std::io::Read;

use encoding_rs::Encoding;

use crate::decode::{self, DecodedSource};
use crate::formats::{FORMATS, FormatReader};
use crate::{Format, Input, ParseError, ParseLimits, Reject};

/// Number of bytes that are inspected to detect the format.
const HEAD: u64 = 128 * 1024;

pub(crate) struct FileStart<'a> {
    /// Used only as a hint if the content is ambiguous.
    pub name: &'a str,
    /// The beginning of the file without a byte order mark: as UTF-8 if the file is UTF-16, otherwise the raw bytes.
    pub head: Vec<u8>,
    /// Whether `head` is the whole file.
    pub whole: bool,
    /// The UTF-16 encoding of the file, which is converted to UTF-8 while it is read.
    pub wide: Option<&'static Encoding>,
}

impl<'a> FileStart<'a> {
    pub fn new(name: &'a str, input: &mut dyn Input) -> Result<Self, ParseError> {
        let mut raw = Vec::new();
        input.open()?.take(HEAD).read_to_end(&mut raw)?;
        if raw.is_empty() {
            return Err(Reject::Empty.into());
        }
        let whole = (raw.len() as u64) < HEAD;
        let wide = decode::wide(&raw);
        let mut head = Vec::with_capacity(raw.len());
        DecodedSource::new(&raw[..], wide, HEAD).read_to_end(&mut head)?;
        Ok(Self { name, head, whole, wide })
    }

    /// Returns the first format that recognises the file.
    pub fn format(&self) -> Result<(Format, &'static FormatReader), ParseError> {
        if self.head.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0) {
            return Err(Reject::Empty.into());
        }
        if let Some(foreign) = self.foreign() {
            return Err(foreign.into());
        }
        let format = FORMATS.iter().find(|(_, reader)| (reader.is)(self));
        format.copied().ok_or_else(|| Reject::not_a_statement("it is neither a table nor OFX"))
    }

    /// Returns the whole file from its beginning, in the form of `head`.
    pub fn open<'i>(
        &self,
        input: &'i mut dyn Input,
        limits: &ParseLimits,
    ) -> Result<DecodedSource<impl Read + 'i>, ParseError> {
        Ok(DecodedSource::new(input.open()?, self.wide, limits.bytes))
    }

    pub fn starts_with(&self, start: &str) -> bool {
        let head = self.head.trim_ascii_start();
        head.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()))
    }

    /// Returns whether the name has one of these extensions, each in lower case with its dot.
    pub fn is_named(&self, endings: &[&str]) -> bool {
        let ends = |end: &&str| {
            let at = self.name.len().checked_sub(end.len());
            at.and_then(|at| self.name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        endings.iter().any(ends)
    }

    /// Returns the reject for a known format that is not supported or not a statement.
    fn foreign(&self) -> Option<Reject> {
        let unsupported = |what: &str| Some(Reject::Unsupported { what: what.to_owned() });
        let no_statement = |why: &str| Some(Reject::NotAStatement { why: why.to_owned() });
        let binary: [(&[u8], &str); 7] = [
            (b"%PDF-", "a PDF"),
            (b"PK\x03\x04", "an Excel workbook or archive"),
            (b"PK\x05\x06", "an archive"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Excel workbook"),
            (b"\x1F\x8B", "a compressed file"),
            (b"7z\xBC\xAF\x27\x1C", "an archive"),
            (b"Rar!", "an archive"),
        ];
        if let Some((_, what)) = binary.iter().find(|(magic, _)| self.head.starts_with(magic)) {
            return unsupported(what);
        }
        if self.starts_with("!Type:") || self.starts_with("!Account") || self.starts_with("!Option:") {
            return unsupported("QIF");
        }
        if self.starts_with(":20:") || self.starts_with("{1:F01") {
            return unsupported("MT940");
        }
        if self.starts_with("<!doctype html") || self.starts_with("<html") {
            return no_statement("it is a web page, such as a bank shows after a session has expired");
        }
        if self.starts_with("{") || self.starts_with("[{") {
            return no_statement("it is JSON");
        }
        let zeros = memchr::memchr_iter(0, &self.head).count();
        let controls =
            self.head.iter().filter(|byte| matches!(byte, 1..=8 | 14..=25 | 27..=31 | 127)).count();
        // A few stray zeros are damage, which the parsers tolerate.
        (zeros > 8 && zeros * 100 > self.head.len() || controls > 8 && controls * 50 > self.head.len())
            .then(|| Reject::NotAStatement { why: "it is a binary file".to_owned() })
    }
}
