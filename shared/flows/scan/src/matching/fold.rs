//! Folding: the one rule that makes codes and text comparable.
//!
//! - Letters are lower-cased by Unicode's *simple* mapping, one character to one (`İ` → `i`), so that folding
//!   never splits a character. Full-width forms become ASCII.
//! - Every look-alike of the hyphen becomes `-`. White space and line breaks around a hyphen are removed; any other run
//!   of white space becomes one space; none is left at either end.
//! - A soft hyphen counts as a hyphen, because PDF fonts often give that name to their ordinary hyphen; next to another
//!   hyphen it is ignored. Zero-width and direction marks are ignored, because they are invisible.
//!
//! Accents are not composed: a decomposed `É` stays two characters.

/// A receiver of folded text piece by piece, with the byte offset in the original where each piece began.
pub(super) trait FoldSink {
    /// Takes a character that folds to one byte of ASCII.
    fn byte(&mut self, byte: u8, origin: usize);
    /// Takes visible ASCII other than hyphens, not lower-cased yet, with single spaces or line ends between.
    fn plain(&mut self, run: &[u8], origin: usize);
    fn char(&mut self, c: char, origin: usize);
}

/// Folds text that may come in chunks. It keeps all the state needed between chunks.
#[derive(Debug, Default, Clone)]
pub(super) struct TextFolder {
    last: Last,
    /// White space was read after the last character and not yet passed on.
    gap: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Nothing,
    Hyphen,
    SoftHyphen,
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Space,
    Hyphen,
    SoftHyphen,
    Invisible,
}

/// Bytes that need no closer look: visible ASCII except the hyphen.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        table[byte as usize] = byte != b'-';
        byte += 1;
    }
    table
};

impl TextFolder {
    /// Folds `chunk`, which starts at byte `offset` of the original.
    pub(super) fn fold(&mut self, chunk: &str, offset: usize, out: &mut impl FoldSink) {
        let bytes = chunk.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if matches!(bytes[at], b' ' | b'\n') {
                self.gap |= self.last == Last::Other;
                at += 1;
            } else if !PLAIN[usize::from(bytes[at])] {
                let Some(c) = chunk[at..].chars().next() else {
                    break;
                };
                let (class, folded) = classify(c);
                self.take(class, folded, offset + at, out);
                at += c.len_utf8();
            } else {
                // Nearly all text consists of runs of such bytes.
                self.close_gap(offset + at, out);
                let run = plain_run(&bytes[at..]);
                out.plain(&bytes[at..at + run], offset + at);
                at += run;
            }
        }
    }

    fn take(&mut self, class: Class, folded: char, origin: usize, out: &mut impl FoldSink) {
        match class {
            Class::Plain => {
                self.close_gap(origin, out);
                out.char(folded, origin);
            }
            Class::Space => self.gap |= self.last == Last::Other,
            Class::Hyphen => {
                if self.last != Last::SoftHyphen {
                    out.byte(b'-', origin);
                }
                (self.last, self.gap) = (Last::Hyphen, false);
            }
            Class::SoftHyphen => {
                if matches!(self.last, Last::Nothing | Last::Other) {
                    out.byte(b'-', origin);
                    (self.last, self.gap) = (Last::SoftHyphen, false);
                }
            }
            Class::Invisible => {}
        }
    }

    fn close_gap(&mut self, origin: usize, out: &mut impl FoldSink) {
        if self.gap {
            out.byte(b' ', origin);
        }
        (self.last, self.gap) = (Last::Other, false);
    }
}

/// Bytes examined together.
const BLOCK: usize = 32;

/// Returns the length of the plain run at the start of `bytes`, which must begin with a plain byte. The run ends with a
/// plain byte, too, because a gap waits for the byte that follows it.
fn plain_run(bytes: &[u8]) -> usize {
    let mut end = 0;
    while let Some(block) = bytes[end..].first_chunk::<{ BLOCK + 1 }>()
        && is_simple(block)
    {
        end += BLOCK;
    }
    if end == 0 {
        return bytes.iter().position(|byte| !PLAIN[usize::from(*byte)]).unwrap_or(bytes.len());
    }
    end - usize::from(is_gap(bytes[end - 1]))
}

fn is_gap(byte: u8) -> bool {
    byte == b' ' || byte == b'\n'
}

/// Returns whether all but the last byte are plain or single gaps. Without a branch, so that it takes a few
/// instructions.
fn is_simple(block: &[u8; BLOCK + 1]) -> bool {
    let mut simple = true;
    for at in 0..BLOCK {
        let (byte, next) = (block[at], block[at + 1]);
        let visible = byte.wrapping_sub(b'!') <= b'~' - b'!' && byte != b'-';
        simple &= visible | (is_gap(byte) & !is_gap(next));
    }
    simple
}

/// Returns the class of a character and, if it is plain, what it folds to.
fn classify(c: char) -> (Class, char) {
    let c = match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    match c {
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => (Class::Hyphen, '-'),
        '\u{AD}' => (Class::SoftHyphen, '-'),
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{61C}'
        | '\u{FEFF}' => (Class::Invisible, c),
        _ if c.is_whitespace() => (Class::Space, ' '),
        // The first character of the full mapping is the simple mapping; only `İ` has more than one.
        _ => (Class::Plain, c.to_lowercase().next().unwrap_or(c)),
    }
}

/// Returns whether a folded character belongs to a word, as `rg -w` sees it: letters, digits, `_`, and accents separate
/// from their letter. Superscript and subscript digits do not: they are footnotes at the end of a code.
pub(super) fn is_word(c: char) -> bool {
    match c {
        '_' | '\u{300}'..='\u{36F}' => true,
        '\u{B2}' | '\u{B3}' | '\u{B9}' | '\u{2070}' | '\u{2074}'..='\u{2079}' | '\u{2080}'..='\u{2089}' => {
            false
        }
        _ => c.is_alphanumeric(),
    }
}

/// Folded text is kept as bytes, which is what the automaton reads; it is always whole characters.
impl FoldSink for Vec<u8> {
    fn byte(&mut self, byte: u8, _: usize) {
        self.push(byte);
    }

    fn plain(&mut self, run: &[u8], _: usize) {
        let start = self.len();
        self.extend_from_slice(run);
        for byte in &mut self[start..] {
            *byte = if *byte == b'\n' { b' ' } else { byte.to_ascii_lowercase() };
        }
    }

    fn char(&mut self, c: char, _: usize) {
        self.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Folds a whole text at once, into a buffer that is emptied first.
pub(super) fn fold_into(buffer: &mut Vec<u8>, text: &str) {
    buffer.clear();
    // Lower case makes text at most half as long again, and hardly ever longer at all.
    buffer.reserve(text.len());
    TextFolder::default().fold(text, 0, buffer);
}
