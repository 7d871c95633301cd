//! One automaton for all codes of a session.

use std::sync::{Arc, OnceLock};

use daachorse::DoubleArrayAhoCorasick;
use serde::{Deserialize, Serialize};

use super::fold::is_word;
use super::look_alikes::LookAlikes;
use super::{CodeList, FileMatcher};

/// The rule for what may be next to a code in the text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MatchRule {
    /// No letter, digit or `_` next to it: `HOLE-1` is not in `HOLE-12`.
    #[default]
    Token,
    /// Anything.
    Substring,
}

/// A search for all codes of a list, overlapping ones too, in time that does not grow with their number.
///
/// Building it takes about 50 ms for 50,000 codes: build one per session, not per file.
pub struct Matcher {
    automaton: DoubleArrayAhoCorasick<u32>,
    mode: MatchRule,
    /// Folded.
    codes: Arc<[Vec<u8>]>,
    /// Built for the first text that OCR read.
    look_alikes: OnceLock<LookAlikes>,
    /// Length of the longest folded code, in bytes.
    longest: usize,
}

/// One code at one position of a folded text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) code: u32,
}

impl Matcher {
    /// # Panics
    ///
    /// Never: a [`CodeList`] holds nothing the automaton refuses (no empty, no repeated, no oversized code).
    pub fn new(codes: &CodeList, mode: MatchRule) -> Self {
        let patterns = codes.folded().iter().zip(0_u32..);
        let longest = codes.folded().iter().map(Vec::len).max().unwrap_or_default();
        let automaton = DoubleArrayAhoCorasick::with_values(patterns)
            .expect("a code list holds 1 to 50,000 different, non-empty codes");
        Self { automaton, mode, codes: Arc::clone(codes.folded()), look_alikes: OnceLock::new(), longest }
    }

    pub fn mode(&self) -> MatchRule {
        self.mode
    }

    /// Returns a sink for one file after another, with buffers of its own.
    pub fn file(&self) -> FileMatcher<'_> {
        FileMatcher::new(self)
    }

    pub(super) fn codes(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Returns the places in `folded`, a text that OCR read, that look like a code and are not one.
    pub(super) fn misread(&self, folded: &[u8]) -> Vec<Hit> {
        self.look_alikes.get_or_init(|| LookAlikes::new(&self.codes)).hits(folded, &self.codes)
    }

    /// Returns every hit in `folded`, in the order of their ends.
    pub(super) fn hits<'t>(&'t self, folded: &'t [u8]) -> impl Iterator<Item = Hit> + 't {
        self.automaton
            .find_overlapping_iter(folded)
            .map(|found| Hit { start: found.start(), end: found.end(), code: found.value() })
            .filter(move |hit| self.mode == MatchRule::Substring || stands_alone(folded, hit))
    }
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matcher")
            .field("mode", &self.mode)
            .field("codes", &self.codes.len())
            .finish_non_exhaustive()
    }
}

pub(super) fn stands_alone(folded: &[u8], hit: &Hit) -> bool {
    // A hit is refused far more often for what follows it (HOLE-1 in HOLE-12), so that is checked first.
    let (before, after) = (&folded[..hit.start], &folded[hit.end..]);
    !first_char(after).is_some_and(is_word) && !last_char(before).is_some_and(is_word)
}

fn first_char(folded: &[u8]) -> Option<char> {
    match folded {
        [] => None,
        [ascii, ..] if ascii.is_ascii() => Some(char::from(*ascii)),
        _ => folded[..folded.len().min(4)].utf8_chunks().next()?.valid().chars().next(),
    }
}

fn last_char(folded: &[u8]) -> Option<char> {
    let start = folded.iter().rposition(|byte| !is_continuation(*byte))?;
    first_char(&folded[start..])
}

/// Returns whether a byte of UTF-8 continues a character rather than beginning one.
fn is_continuation(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}
