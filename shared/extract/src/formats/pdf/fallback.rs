//! The one place that decides when a second reader is asked, and when its answer counts.
//!
//! It is asked for a file we cannot open, unless it has a password or is too large, and for a page
//!
//! - on which our reader failed or whose content is damaged,
//! - of whose letters more than 5 % have no meaning (we leave them out where others write U+FFFD), or
//! - that has almost no text and no picture, which would be the reason for having none.
//!
//! The shares are those measured when pdfium was chosen as the fallback. What is over a limit is not asked: the
//! limits hold for every reader. Its answer counts where it read more letters than we did, and settles the page
//! where it, too, meets none of the above. What we read ourselves is handed on beside it: of 5,970 manuals, replacing
//! it cost three a letter, and a code that stands in both is one match.

use crate::output::Output;
use crate::{ExtractError, FallbackPage, FallbackPages, FallbackReader, Place};

use super::content::Seen;

/// One letter in so many may be lost.
const LOST_ONE_IN: u32 = 20;
/// A page with fewer letters and figures has almost no text.
const FEW: usize = 4;

pub(super) const NO_UNICODE: &str = "letters without Unicode";

/// Whether so many letters are lost that words are.
fn is_garbled(readable: u32, unreadable: u32) -> bool {
    unreadable > readable.saturating_add(unreadable) / LOST_ONE_IN
}

fn has_little(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).nth(FEW - 1).is_none()
}

/// How our own reading of a page went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ours {
    Whole,
    /// The parser panicked.
    Failed,
    /// The content cannot be unpacked. What another reader gets out of it may end where it broke, so the page
    /// stays listed as unread.
    Damaged,
    /// More than a limit.
    TooLarge,
}

pub(super) fn is_asked(ours: Ours, seen: &Seen, text: &str) -> bool {
    match ours {
        Ours::TooLarge => false,
        Ours::Failed | Ours::Damaged => true,
        Ours::Whole => is_garbled(seen.readable, seen.unreadable) || (seen.images == 0 && has_little(text)),
    }
}

/// A file's second reading, opened when it is first asked.
pub(super) struct Second<'a> {
    reader: Option<&'a dyn FallbackReader>,
    file: &'a [u8],
    pages: Option<Box<dyn FallbackPages + 'a>>,
    /// Why the reader itself is not there, where it should be.
    pub missing: Option<String>,
}

impl<'a> Second<'a> {
    pub fn new(reader: Option<&'a dyn FallbackReader>, file: &'a [u8]) -> Self {
        Self { reader, file, pages: None, missing: None }
    }

    fn pages(&mut self) -> Option<&dyn FallbackPages> {
        // One try: what could not be opened will not be opened for the next page.
        if let Some(reader) = self.reader.take() {
            match reader.open(self.file) {
                Ok(pages) => self.pages = pages,
                Err(why) => self.missing = Some(why),
            }
        }
        self.pages.as_deref()
    }

    /// The page, if it has more on it than we read. `count` is how many pages we know of: with another count, the
    /// same number may be another page.
    pub fn better(&mut self, number: u32, count: u32, size: (f32, f32), seen: &Seen) -> Option<FallbackPage> {
        let page = self.pages().filter(|pages| pages.count() == count)?.read(number, Some(size))?;
        (page.readable > seen.readable).then_some(page)
    }

    /// Our error, and that the reader which might have known better is not there.
    pub fn with(self, error: ExtractError) -> ExtractError {
        match (error, self.missing) {
            (ExtractError::Damaged(why), Some(missing)) => ExtractError::Damaged(format!("{why}; {missing}")),
            (error, _) => error,
        }
    }

    /// Reads a file we cannot open, and says whether there was text in it.
    pub fn whole(&mut self, out: &mut Output<'_>) -> Result<bool, ExtractError> {
        let most = out.limits().pages;
        let Some(pages) = self.pages().filter(|pages| (1..=most).contains(&pages.count())) else {
            return Ok(false);
        };
        let begin = out.mark();
        let limits = *out.limits();
        for number in (1..=pages.count()).filter(|number| limits.wants_page(*number)) {
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

/// Whether nothing more is to be had from the page.
pub(super) fn is_settled(page: &FallbackPage) -> bool {
    !is_garbled(page.readable, page.unreadable) && page.text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(readable: u32, unreadable: u32, images: u32) -> Seen {
        Seen { images, readable, unreadable, ..Seen::default() }
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
        // Almost nothing, and nothing that explains it.
        assert!(is_asked(Ours::Whole, &seen(2, 0, 0), "- 12"));
        assert!(!is_asked(Ours::Whole, &seen(2, 0, 1), "- 12"));
    }
}
