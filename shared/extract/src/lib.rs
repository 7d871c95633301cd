//! Bytes in, text out: every parser Riffle has, behind one function.
//!
//! [`extract`] finds out what a file is by looking at its content, reads it unit by unit (a page, a cell, a
//! line) and hands each unit to a [`Sink`]. Nothing here knows about codes, sessions or queues, and nothing
//! here does input or output: the caller brings the bytes.

mod csv;
mod decode;
mod detect;
mod entities;
mod html;
mod json;
mod output;
mod pdf;
mod sheet;
#[cfg(test)]
mod tests;
mod text;
mod unit;
mod xml;

pub use unit::{Bounds, Encoding, Glyphs, Layout, PageImage, Place, Sink, Unit};

use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;

use detect::Found;
use output::Output;

/// What a file turned out to be, found from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Pdf,
    Xlsx,
    Xlsb,
    Xls,
    Ods,
    Csv,
    Text,
    Html,
    Xml,
    Json,
}

/// How much one file may ask for before it is refused.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Pages of a PDF.
    pub pages: u32,
    /// Non-empty cells of a workbook, all sheets together.
    pub cells: u64,
    /// Bytes of text handed to the sink, all units together.
    pub text_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { pages: 20_000, cells: 50_000_000, text_bytes: 2 << 30 }
    }
}

/// What was read, beside the units themselves.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Extracted {
    pub kind: Kind,
    /// Pages of a PDF, sheets of a workbook, 1 for everything else.
    pub pages: u32,
    /// 1-based pages of a PDF that show something but hold no text: a code may stand there unseen.
    pub unread: Vec<u32>,
}

/// Why a file could not be read. The text is for the person who owns the file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum ExtractError {
    #[error("the file is empty")]
    Empty,
    #[error("{0} files are not read yet")]
    Unsupported(String),
    #[error("protected by a password")]
    Encrypted,
    #[error("damaged: {0}")]
    Damaged(String),
    #[error("too large: {0}")]
    TooLarge(String),
    /// A parser panicked. The message is its own.
    #[error("the parser failed: {0}")]
    Panicked(String),
}

/// Reads `bytes` and hands every unit to `sink`, in the order of the document.
///
/// `name` is only a hint where content cannot tell (CSV from text, HTML fragment from text); a wrong
/// extension changes nothing. Never panics: a parser's panic becomes [`ExtractError::Panicked`].
pub fn extract(
    name: &str,
    bytes: &Bytes,
    limits: &Limits,
    sink: &mut dyn Sink,
) -> Result<Extracted, ExtractError> {
    let found = detect::detect(bytes)?;
    let mut out = Output::new(limits, sink);
    // A sink that panics is caught with the parsers; it has been handed whole units only.
    match catch_unwind(AssertUnwindSafe(|| read(found, name, bytes, limits, &mut out))) {
        Ok(result) => result,
        Err(panic) => Err(ExtractError::Panicked(message(panic.as_ref()))),
    }
}

fn read(
    found: Found,
    name: &str,
    bytes: &Bytes,
    limits: &Limits,
    out: &mut Output<'_>,
) -> Result<Extracted, ExtractError> {
    let whole = |kind, pages| Ok(Extracted { kind, pages, unread: Vec::new() });
    match found {
        Found::Pdf => {
            let (pages, unread) = pdf::read(bytes, limits, out)?;
            Ok(Extracted { kind: Kind::Pdf, pages, unread })
        }
        Found::Xlsx => whole(Kind::Xlsx, sheet::read_xlsx(bytes, out)?),
        Found::Xlsb => whole(Kind::Xlsb, sheet::read_xlsb(bytes, out)?),
        Found::Xls => whole(Kind::Xls, sheet::read_xls(bytes, out)?),
        Found::Ods => whole(Kind::Ods, sheet::read_ods(bytes, out)?),
        Found::Text => whole(read_text(name, bytes, out)?, 1),
    }
}

/// Tells the kinds of text apart and reads what it finds.
fn read_text(name: &str, bytes: &[u8], out: &mut Output<'_>) -> Result<Kind, ExtractError> {
    let text = decode::decode(bytes);
    if html::is_html(&text, name) {
        html::read(&text, out)?;
        return Ok(Kind::Html);
    }
    if json::is_json(&text) {
        json::read(&text, out)?;
        return Ok(Kind::Json);
    }
    if xml::is_xml(&text) {
        xml::read(&text, out)?;
        return Ok(Kind::Xml);
    }
    let name = name.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|end| name.ends_with(end));
    let prose = ends(&[".txt", ".md", ".log", ".tex", ".rst"]);
    if !prose && let Some(delimiter) = csv::dialect(&text, ends(&[".csv", ".tsv", ".tab", ".psv"])) {
        csv::read(&text, delimiter, out)?;
        return Ok(Kind::Csv);
    }
    text::read(&text, out)?;
    Ok(Kind::Text)
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no message").to_owned()
}
