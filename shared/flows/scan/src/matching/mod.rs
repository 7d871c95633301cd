//! Finds target codes in text: all codes at once, in one pass over each unit that a parser passes on.
//!
//! [`CodeList`] holds the codes to look for, [`Matcher`] is the automaton built from it once per session, and
//! [`Session`] is the [`riffle_extract::Sink`] that collects one file's [`Findings`]. Text and codes are folded by the
//! same rules (`fold.rs`), so every comparison, token boundaries included, is made on folded text.
//!
//! Nothing here depends on files, queues or progress.

mod boxes;
mod code_list;
mod fold;
mod look_alikes;
mod matcher;
mod session;
mod snippet;
#[cfg(test)]
mod tests;
mod trace;

pub use boxes::{Fraction, fractions};
pub use code_list::{CodeList, CodeListError, MAX_CODE_CHARS, MAX_CODES};
pub use matcher::{MatchMode, Matcher};
pub use session::{
    Findings, MAX_BOXES, MAX_MATCHES, MAX_MISREAD, MAX_PLACES_PER_CODE, Match, Misread, Session,
};
