//! Bytes in, text out: every parser of Riffle, behind one function.
//!
//! [`extract`] determines a file's format from its content, reads the file unit by unit (a page, a cell, a line) and
//! passes each unit to a [`Sink`]. Each format is a file of `formats`. This crate knows nothing about codes, sessions
//! or queues, and does no input or output: the caller provides the bytes.

mod decode;
#[cfg(feature = "render")]
mod draw;
mod entities;
mod fallback_reader;
mod formats;
mod limits;
mod ooxml;
mod output;
mod package;
mod sniff;
pub mod spreadsheet;
#[cfg(test)]
mod tests;
mod unit;

#[cfg(feature = "render")]
pub use draw::{DrawError, Drawn, View, WIDTHS, draw};
pub use fallback_reader::{FallbackPage, FallbackPages, FallbackReader};
pub use formats::FileFormat;
pub use limits::ReadLimits;
pub use unit::{Bounds, Encoding, Glyphs, ImageLimits, Layout, PageImage, Place, Sink, Unit, Unread};

/// The version of the text that the parsers produce. Increase it when they read a file differently, a new format
/// included: texts are cached, and a text cached under another version is read again. A test compares it with what the
/// parsers read.
pub const VERSION: u32 = 2;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use output::UnitOutput;
use sniff::SniffedFile;

/// The result of reading a file, apart from the units themselves.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Extracted {
    pub kind: FileFormat,
    /// Pages of a PDF, sheets of a workbook, slides of a presentation, the sum of them for an archive, 1 for
    /// everything else.
    pub pages: u32,
    /// Parts that contain, or may contain, something that could not be read: a code may be there unseen. The first
    /// thousand parts only.
    pub unread: Vec<Unread>,
    /// The number of such parts beyond those.
    pub unread_more: u32,
}

/// Why nothing of a file could be read. The text is for the person who owns the file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ExtractError {
    #[error("the file is empty")]
    Empty,
    #[error("{0} files are not supported")]
    Unsupported(String),
    /// The name says that the file is of this format, but its content is binary data of no known format.
    #[error("not a valid {0}")]
    Invalid(String),
    /// The file is of a kind that [`ReadLimits::only`] does not name.
    #[error("it is a {} file", format!("{_0:?}").to_uppercase())]
    OtherKind(FileFormat),
    #[error("a picture: reading its text requires OCR, which is off or not installed")]
    OcrOff,
    #[error("protected by a password")]
    Encrypted,
    #[error("damaged: {0}")]
    Damaged(String),
    /// An archive in which nothing could be read, with the reason of its first file.
    #[error("nothing in the archive could be read: {0}")]
    Nothing(String),
    #[error("too large: {0}")]
    TooLarge(String),
    /// A parser panicked. The text is the panic's message.
    #[error("the parser failed: {0}")]
    Panicked(String),
}

/// Reads `bytes` and passes every unit to `sink`, in the order of the document.
///
/// `name` is only a hint where the content cannot decide (CSV or text, HTML fragment or text); a wrong extension
/// changes nothing else. Never panics: a parser's panic becomes [`ExtractError::Panicked`]. An error means that no unit
/// was passed on; a file that fails part-way is read up to there, and the rest is listed as unread.
pub fn extract(
    name: &str,
    bytes: &Bytes,
    limits: &ReadLimits,
    sink: &mut dyn Sink,
) -> Result<Extracted, ExtractError> {
    extract_with(name, bytes, limits, None, sink)
}

/// Like [`extract`], with a second reader for PDFs, or pages of them, that our own reader cannot read.
pub fn extract_with(
    name: &str,
    bytes: &Bytes,
    limits: &ReadLimits,
    second: Option<&dyn FallbackReader>,
    sink: &mut dyn Sink,
) -> Result<Extracted, ExtractError> {
    let mut out = UnitOutput::new(limits, second, sink);
    let kind = read(name, bytes, &mut out)?;
    Ok(out.finish(kind))
}

/// Reads a file, or a file in an archive.
fn read(name: &str, bytes: &Bytes, out: &mut UnitOutput<'_>) -> Result<FileFormat, ExtractError> {
    let begin = out.mark();
    let mut found = None;
    // This also catches a sink that panics; it has received whole units only.
    let result = catch_unwind(AssertUnwindSafe(|| {
        let file = SniffedFile::new(name, bytes)?;
        let (kind, format) = file.format()?;
        if out.limits().only.is_some_and(|only| !only.contains(&kind)) {
            return Err(ExtractError::OtherKind(kind));
        }
        found = Some(kind);
        (format.read)(&file, out)?;
        Ok(kind)
    }));
    let result = result.unwrap_or_else(|panic| Err(ExtractError::Panicked(message(panic.as_ref()))));
    match (found, result) {
        (Some(kind), Err(error)) if out.has_units_since(begin) => {
            out.unread(Place::File, format!("{error}; the content before that was read"));
            Ok(kind)
        }
        (_, result) => result,
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}
