//! Another reader of PDFs, brought by the caller and asked only for what ours cannot read.
//!
//! When it is asked and when its answer is taken is decided in `formats/pdf/second.rs`.

use crate::Glyphs;

/// Opens PDFs.
pub trait FallbackReader {
    /// `None` where it cannot read the file either.
    ///
    /// # Errors
    /// The reader itself is not there; the text says why, for the person who configured it.
    fn open<'a>(&'a self, pdf: &'a [u8]) -> Result<Option<Box<dyn FallbackPages + 'a>>, String>;
}

/// An open PDF.
pub trait FallbackPages {
    fn count(&self) -> u32;

    /// A page by its number from 1; its boxes lie on a page of `size` points, or of the size it says it has.
    fn read(&self, number: u32, size: Option<(f32, f32)>) -> Option<FallbackPage>;
}

/// What it read of a page.
#[derive(Debug, Default)]
pub struct FallbackPage {
    pub text: String,
    pub glyphs: Glyphs,
    /// Letters with and without a known meaning. Only the former stand in the text.
    pub readable: u32,
    pub unreadable: u32,
}
