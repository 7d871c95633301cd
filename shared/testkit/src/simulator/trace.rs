//! The record of a run: always as a hash, and on request as text.

use std::fmt;

/// Folds `bytes` into `hash` (FNV-1a over eight bytes at a time): fast, and the same on every machine.
pub fn fingerprint(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let mut hash = hash ^ (bytes.len() as u64).wrapping_mul(PRIME);
    for piece in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..piece.len()].copy_from_slice(piece);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(PRIME);
        hash ^= hash >> 29;
    }
    hash
}

/// The record of one run.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// Creates an empty trace. It keeps the text too if `readable`.
    pub fn new(readable: bool) -> Self {
        Self { hash: 0xCBF2_9CE4_8422_2325, lines: readable.then(Vec::new) }
    }

    /// Notes an event. `what` and `detail` go into the hash; `text` is called only if the trace is readable.
    pub fn note(&mut self, what: &str, detail: &[u8], text: impl FnOnce() -> String) {
        self.hash = fingerprint(fingerprint(self.hash, what.as_bytes()), detail);
        if let Some(lines) = &mut self.lines {
            lines.push(text());
        }
    }

    /// Returns the hash, which is equal for equal runs.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    pub fn is_readable(&self) -> bool {
        self.lines.is_some()
    }

    /// Returns the text, one event per line; empty unless the trace is readable.
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines().iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
