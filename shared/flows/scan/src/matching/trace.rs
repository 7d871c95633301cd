//! Maps positions in folded text back to the original. Only units with a hit are traced.

use super::fold::{FoldSink, TextFolder};

/// Bytes of the original folded at a time.
const CHUNK: usize = 4096;

/// A trace that follows hits through a unit in the order of their ends, folding the text a second time as it advances.
///
/// It keeps origins only for a window as long as the longest code, so that a unit of a gigabyte costs no more memory
/// than a small one.
pub(super) struct OriginTrace<'t> {
    text: &'t str,
    window: &'t mut Window,
    folder: TextFolder,
    /// Bytes of `text` folded so far.
    read: usize,
    /// Length of the longest code, in bytes.
    longest: usize,
    lines: LineCounter,
}

/// For each of the last folded bytes, the byte of the original where its character began.
#[derive(Debug, Default)]
pub(super) struct Window {
    origins: Vec<usize>,
    /// Number of folded bytes already dropped.
    forgotten: usize,
}

/// The newlines before a position, counted once, up to the last position requested.
#[derive(Default)]
struct LineCounter {
    position: usize,
    newlines: u64,
}

impl<'t> OriginTrace<'t> {
    pub(super) fn new(text: &'t str, window: &'t mut Window, longest: usize) -> Self {
        window.origins.clear();
        window.forgotten = 0;
        Self { text, window, folder: TextFolder::default(), read: 0, longest, lines: LineCounter::default() }
    }

    /// Returns the original's byte range of folded bytes `start..end`.
    ///
    /// `end` must not be less than in the previous call, and the range must not be longer than the longest code.
    pub(super) fn locate(&mut self, start: usize, end: usize) -> (usize, usize) {
        while self.window.end() < end && self.read < self.text.len() {
            self.window.forget_before(start.min(self.window.end().saturating_sub(self.longest)));
            let until = self.text.ceil_char_boundary((self.read + CHUNK).min(self.text.len()));
            self.folder.fold(&self.text[self.read..until], self.read, self.window);
            self.read = until;
        }
        let from = self.window.origin(start);
        let last = self.window.origin(end.saturating_sub(1));
        let length = self.text[last..].chars().next().map_or(0, char::len_utf8);
        (from, last + length)
    }

    /// Counts the newlines in the original before byte `position`.
    pub(super) fn newlines_before(&mut self, position: usize) -> u64 {
        let bytes = self.text.as_bytes();
        if position >= self.lines.position {
            self.lines.newlines += count_newlines(&bytes[self.lines.position..position]);
            self.lines.position = position;
            self.lines.newlines
        } else {
            // A longer code that ends later may begin earlier, but only by its own length.
            self.lines.newlines - count_newlines(&bytes[position..self.lines.position])
        }
    }
}

impl Window {
    fn end(&self) -> usize {
        self.forgotten + self.origins.len()
    }

    fn origin(&self, folded: usize) -> usize {
        self.origins[folded - self.forgotten]
    }

    fn forget_before(&mut self, folded: usize) {
        // Only if it is worth moving the rest.
        let drop = folded.saturating_sub(self.forgotten);
        if drop >= CHUNK {
            self.origins.drain(..drop);
            self.forgotten += drop;
        }
    }
}

impl FoldSink for Window {
    fn byte(&mut self, _: u8, origin: usize) {
        self.origins.push(origin);
    }

    fn plain(&mut self, run: &[u8], origin: usize) {
        self.origins.extend(origin..origin + run.len());
    }

    fn char(&mut self, c: char, origin: usize) {
        self.origins.extend(std::iter::repeat_n(origin, c.len_utf8()));
    }
}

fn count_newlines(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}
