//! A second reader of PDFs, provided by the caller and used only for what our own reader cannot read.
//!
//! `formats/pdf/fallback.rs` decides when it is used and when its answer is taken.

use crate::Glyphs;

/// Opens PDFs.
pub trait FallbackReader {
    /// Opens a file; returns `None` if this reader cannot read it either.
    ///
    /// # Errors
    /// Fails if the reader itself is not available; the text says why, for the person who configured it.
    fn open<'a>(&'a self, pdf: &'a [u8]) -> Result<Option<Box<dyn FallbackPages + 'a>>, String>;
}

/// An open PDF.
pub trait FallbackPages {
    fn count(&self) -> u32;

    /// Reads a page by its number, counted from 1. Its boxes are on a page of `size` points, or of the page's own size.
    fn read(&self, number: u32, size: Option<(f32, f32)>) -> Option<FallbackPage>;
}

/// The text this reader found on a page.
#[derive(Debug, Default)]
pub struct FallbackPage {
    pub text: String,
    pub glyphs: Glyphs,
    /// Letters with and without a known meaning. Only the former are in the text.
    pub readable: u32,
    pub unreadable: u32,
}
