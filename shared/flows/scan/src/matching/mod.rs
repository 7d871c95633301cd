//! Finds target codes in text: all codes at once, in one pass over each unit that a parser passes on.
//!
//! [`CodeList`] holds the codes to look for, [`Matcher`] is the automaton built from it once per session, and
//! [`FileMatcher`] is the [`riffle_extract::Sink`] that collects one file's [`Findings`]. Text and codes are folded by
//! the same rules (`fold.rs`), so every comparison, token boundaries included, is made on folded text.
//!
//! ```
//! use riffle_extract::{Place, Sink, Unit};
//! use riffle_scan::matching::{CodeList, MatchRule, Matcher};
//!
//! let codes = CodeList::new(vec!["HOLE-1".to_owned(), "DH-22".to_owned()])?;
//! let matcher = Matcher::new(&codes, MatchRule::Token);
//! let mut file = matcher.file();
//! let text = "Bore hole – 1 before HOLE-12.";
//! file.unit(&Unit { place: &Place::Page(3), text, ocr: false, glyphs: None });
//! let found = file.finish();
//! assert_eq!(found.matches.len(), 1);
//! assert_eq!(codes.get(found.matches[0].code), Some("HOLE-1"));
//! assert_eq!(found.matches[0].place, Place::Page(3));
//! # Ok::<(), riffle_scan::matching::CodeListError>(())
//! ```
//!
//! Nothing here depends on files, queues or progress.

mod boxes;
mod code_list;
mod file_matcher;
mod fold;
mod look_alikes;
mod matcher;
mod snippet;
#[cfg(test)]
mod tests;
mod trace;

pub use boxes::{Fraction, fractions};
pub use code_list::{CodeList, CodeListError, MAX_CODE_CHARS, MAX_CODES};
pub use file_matcher::{
    FileMatcher, Findings, MAX_BOXES, MAX_MATCHES, MAX_MISREAD, MAX_PLACES_PER_CODE, Match, Misread,
};
pub use matcher::{MatchRule, Matcher};
