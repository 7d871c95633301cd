//! Decides when the second reader is used, and when its answer is taken. No other code does.
//!
//! The second reader is used for a file we cannot open, unless the file has a password or is too large, and for a page
//!
//! - on which our reader failed or whose content is damaged,
//! - of whose letters more than 5 % have no meaning (we leave them out where others write U+FFFD), or
//! - that has almost no text, and no picture either, which would explain that.
//!
//! These thresholds are those measured when pdfium was chosen as the fallback. The second reader is not used for
//! content over a limit: the limits hold for every reader. Its answer is taken if it read more letters than we did, and
//! the page then counts as read if none of the above applies to the answer. Our own text is passed on as well:
//! replacing it lost a letter in three of 5,970 manuals, and a code found in both texts is one match.

use crate::output::UnitOutput;
use crate::{ExtractError, FallbackPage, FallbackPages, FallbackReader, Place};

use super::content::PageContents;

/// One letter in this many may be lost.
const LOST_ONE_IN: u32 = 20;
/// A page with fewer letters and digits has almost no text.
const FEW: usize = 4;

pub(super) const NO_UNICODE: &str = "letters without a Unicode mapping";

/// Returns whether so many letters are lost that words are lost too.
fn is_garbled(readable: u32, unreadable: u32) -> bool {
    unreadable > readable.saturating_add(unreadable) / LOST_ONE_IN
}

fn has_little(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).nth(FEW - 1).is_none()
}

/// The result of our own reading of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ours {
    Whole,
    /// The parser panicked.
    Failed,
    /// The content cannot be unpacked. The text another reader gets from it may end where it broke, so the page stays
    /// listed as unread.
    Damaged,
    /// A limit was exceeded.
    TooLarge,
}

pub(super) fn is_asked(ours: Ours, seen: &PageContents, text: &str) -> bool {
    match ours {
        Ours::TooLarge => false,
        Ours::Failed | Ours::Damaged => true,
        Ours::Whole => is_garbled(seen.readable, seen.unreadable) || (seen.images == 0 && has_little(text)),
    }
}

/// The second reading of a file, opened on first use.
pub(super) struct FallbackReading<'a> {
    reader: Option<&'a dyn FallbackReader>,
    file: &'a [u8],
    pages: Option<Box<dyn FallbackPages + 'a>>,
    /// Why the second reader is not available, although it is configured.
    pub missing: Option<String>,
}

impl<'a> FallbackReading<'a> {
    pub fn new(reader: Option<&'a dyn FallbackReader>, file: &'a [u8]) -> Self {
        Self { reader, file, pages: None, missing: None }
    }

    fn pages(&mut self) -> Option<&dyn FallbackPages> {
        // Only one try: if the file cannot be opened now, it cannot be opened for the next page either.
        if let Some(reader) = self.reader.take() {
            match reader.open(self.file) {
                Ok(pages) => self.pages = pages,
                Err(why) => self.missing = Some(why),
            }
        }
        self.pages.as_deref()
    }

    /// Reads the page, and returns it if it has more letters than we read. `count` is the number of pages we found: if
    /// the second reader finds another number, the same page number may mean another page.
    pub fn better(
        &mut self,
        number: u32,
        count: u32,
        size: (f32, f32),
        seen: &PageContents,
    ) -> Option<FallbackPage> {
        let page = self.pages().filter(|pages| pages.count() == count)?.read(number, Some(size))?;
        (page.readable > seen.readable).then_some(page)
    }

    /// Returns our error, adding that the second reader, which might have succeeded, is not available.
    pub fn with(self, error: ExtractError) -> ExtractError {
        match (error, self.missing) {
            (ExtractError::Damaged(why), Some(missing)) => ExtractError::Damaged(format!("{why}; {missing}")),
            (error, _) => error,
        }
    }

    /// Reads a file we cannot open, and returns whether there was text in it.
    pub fn whole(&mut self, out: &mut UnitOutput<'_>) -> Result<bool, ExtractError> {
        let most = out.limits().pages;
        let Some(pages) = self.pages().filter(|pages| (1..=most).contains(&pages.count())) else {
            return Ok(false);
        };
        let begin = out.mark();
        for number in 1..=pages.count() {
            if !out.wants_page(number) {
                continue;
            }
            let page = pages.read(number, None).unwrap_or_default();
            if !page.text.is_empty() {
                out.page(Place::Page(number), &page.text, &page.glyphs)?;
            }
            if !is_settled(&page) {
                out.unread(
                    Place::Page(number),
                    if page.unreadable > 0 { NO_UNICODE } else { "no text on it" },
                );
            }
        }
        let read = out.has_units_since(begin);
        if read {
            out.pages(pages.count() as usize);
        } else {
            out.take_unread_since(begin);
        }
        Ok(read)
    }
}

/// Returns whether the page counts as read.
pub(super) fn is_settled(page: &FallbackPage) -> bool {
    !is_garbled(page.readable, page.unreadable) && page.text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(readable: u32, unreadable: u32, images: u32) -> PageContents {
        PageContents { images, readable, unreadable, ..PageContents::default() }
    }

    #[test]
    fn it_is_asked_where_we_failed_and_no_limit_did() {
        let well = seen(100, 0, 0);
        assert!(!is_asked(Ours::Whole, &well, "HOLE-77 and more"));
        assert!(!is_asked(Ours::TooLarge, &seen(0, 9, 0), ""));
        assert!(is_asked(Ours::Failed, &well, "HOLE-77") && is_asked(Ours::Damaged, &well, "HOLE-77"));
        // One letter in twenty.
        assert!(!is_asked(Ours::Whole, &seen(95, 5, 0), "HOLE-77"));
        assert!(is_asked(Ours::Whole, &seen(94, 6, 0), "HOLE-77"));
        // Almost no text, and nothing that explains it.
        assert!(is_asked(Ours::Whole, &seen(2, 0, 0), "- 12"));
        assert!(!is_asked(Ours::Whole, &seen(2, 0, 1), "- 12"));
    }
}
