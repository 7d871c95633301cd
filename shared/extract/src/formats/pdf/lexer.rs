//! Splits a content stream into operators and their operands.
//!
//! Written for reading text only: the operands of drawing operators (by far the most bytes of a technical drawing) are
//! skipped and never turned into values. Numbers are parsed only when the interpreter requests them.

use memchr::{memchr, memchr3, memmem};

/// Character classes of the PDF syntax: white space, delimiters, and the characters of numbers. All others have class
/// 0.
const WHITE: u8 = 1;
const DELIMITER: u8 = 2;
const NUMERIC: u8 = 4;

static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let white = [0, 9, 10, 12, 13, 32];
    let mut i = 0;
    while i < white.len() {
        table[white[i]] = WHITE;
        i += 1;
    }
    let delimiters = b"()<>[]{}/%";
    i = 0;
    while i < delimiters.len() {
        table[delimiters[i] as usize] = DELIMITER;
        i += 1;
    }
    let numeric = b"0123456789+-.";
    i = 0;
    while i < numeric.len() {
        table[numeric[i] as usize] = NUMERIC;
        i += 1;
    }
    table
};

/// One element of a string operand or of the array of `TJ`.
#[derive(Debug, Clone, Copy)]
pub(super) enum StringElement {
    /// Move back by this many thousandths of the font size.
    Adjust(f32),
    /// A string in the content stream itself.
    Plain { start: usize, end: usize },
    /// A string that had to be decoded, in the lexer's scratch space.
    Decoded { start: usize, end: usize },
}

const MAX_NUMBERS: usize = 6;

#[derive(Debug)]
pub(super) struct Lexer<'a> {
    data: &'a [u8],
    pos: usize,
    /// The offsets of the last numbers before the operator, as a ring.
    numbers: [usize; MAX_NUMBERS],
    number_count: usize,
    scratch: Vec<u8>,
    pub items: Vec<StringElement>,
    pub name: Option<&'a [u8]>,
    pub dict: Option<&'a [u8]>,
}

impl<'a> Lexer<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            pos: 0,
            numbers: [0; MAX_NUMBERS],
            number_count: 0,
            scratch: Vec::new(),
            items: Vec::new(),
            name: None,
            dict: None,
        }
    }

    /// Returns the next operator that can matter; its operands are then available.
    pub fn next_operator(&mut self) -> Option<&'a [u8]> {
        let data = self.data;
        self.reset();
        let mut in_array = false;
        // Kept out of `self` so that it stays in a register.
        let mut pos = self.pos;
        loop {
            let Some(&first) = data.get(pos) else {
                self.pos = pos;
                return None;
            };
            match CLASS[usize::from(first)] {
                WHITE => pos += 1,
                NUMERIC => {
                    let start = pos;
                    pos = skip_regular(data, pos + 1);
                    if in_array {
                        self.items.push(StringElement::Adjust(number_at(data, start)));
                    } else {
                        self.numbers[self.number_count % MAX_NUMBERS] = start;
                        self.number_count += 1;
                    }
                }
                DELIMITER => {
                    self.pos = pos;
                    match first {
                        b'/' => {
                            self.pos = skip_regular(data, pos + 1);
                            self.name = Some(&data[pos + 1..self.pos]);
                        }
                        b'(' => self.literal(),
                        b'<' if data.get(pos + 1) == Some(&b'<') => self.skip_dict(),
                        b'<' => self.hex(),
                        b'[' | b']' => {
                            in_array = first == b'[';
                            self.pos += 1;
                        }
                        b'%' => self.skip_comment(),
                        _ => self.pos += 1,
                    }
                    pos = self.pos;
                }
                _ => {
                    let start = pos;
                    pos = skip_regular(data, pos + 1);
                    // Drawing one path takes many of these.
                    if pos - start == 1
                        && matches!(first, b'm' | b'l' | b'c' | b'v' | b'y' | b'h' | b'n' | b'w' | b'W')
                    {
                        self.reset();
                        in_array = false;
                        continue;
                    }
                    self.pos = pos;
                    return Some(&data[start..pos]);
                }
            }
        }
    }

    #[inline]
    fn reset(&mut self) {
        self.number_count = 0;
        self.items.clear();
        self.scratch.clear();
        self.name = None;
        self.dict = None;
    }

    /// Returns the last `N` numbers before the operator, if there are at least `N`.
    pub fn numbers<const N: usize>(&self) -> Option<[f32; N]> {
        let first = self.number_count.checked_sub(N)?;
        let mut out = [0.0; N];
        for (i, slot) in out.iter_mut().enumerate() {
            *slot = number_at(self.data, self.numbers[(first + i) % MAX_NUMBERS]);
        }
        Some(out)
    }

    pub fn bytes(&self, item: StringElement) -> &[u8] {
        match item {
            StringElement::Adjust(_) => &[],
            StringElement::Plain { start, end } => &self.data[start..end],
            StringElement::Decoded { start, end } => &self.scratch[start..end],
        }
    }

    /// Skips, after `BI`, the image's dictionary and data up to `EI`.
    pub fn skip_inline_image(&mut self) {
        let Some(at) = find_word(self.data, self.pos, b"ID") else {
            self.pos = self.data.len();
            return;
        };
        self.pos = at + 2;
        // Two bytes of binary data can look like the end: the bytes after it must look like content.
        while let Some(at) = find_word(self.data, self.pos, b"EI") {
            self.pos = at + 2;
            let next = &self.data[self.pos..self.data.len().min(self.pos + 16)];
            if next.iter().all(|b| matches!(b, 9 | 10 | 13 | 32..=126)) {
                return;
            }
        }
        self.pos = self.data.len();
    }

    fn skip_comment(&mut self) {
        while self.data.get(self.pos).is_some_and(|b| !matches!(b, b'\n' | b'\r')) {
            self.pos += 1;
        }
    }

    /// Skips `<< … >>` with everything nested in it, and records where it is.
    fn skip_dict(&mut self) {
        let start = self.pos;
        let mut depth = 0_u32;
        let kept = (self.items.len(), self.scratch.len());
        while let Some(&byte) = self.data.get(self.pos) {
            let pair = self.data.get(self.pos + 1) == Some(&byte);
            match byte {
                b'<' if pair => {
                    depth += 1;
                    self.pos += 2;
                }
                b'>' if pair => {
                    self.pos += 2;
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                b'(' => self.literal(),
                b'%' => self.skip_comment(),
                _ => self.pos += 1,
            }
        }
        self.items.truncate(kept.0);
        self.scratch.truncate(kept.1);
        self.dict = Some(&self.data[start..self.pos]);
    }

    fn literal(&mut self) {
        let start = self.pos + 1;
        // Most strings have no escape, no nested bracket and no line end, so they need no copy.
        let tail = self.data.get(start..).unwrap_or_default();
        match memchr3(b')', b'(', b'\\', tail) {
            Some(len) if tail[len] == b')' && memchr(b'\r', &tail[..len]).is_none() => {
                self.items.push(StringElement::Plain { start, end: start + len });
                self.pos = start + len + 1;
            }
            _ => {
                let from = self.scratch.len();
                self.pos = start + decode_literal(tail, &mut self.scratch);
                self.items.push(StringElement::Decoded { start: from, end: self.scratch.len() });
            }
        }
    }

    fn hex(&mut self) {
        let from = self.scratch.len();
        let start = self.pos + 1;
        let tail = self.data.get(start..).unwrap_or_default();
        let len = memchr(b'>', tail).unwrap_or(tail.len());
        decode_hex(&tail[..len], &mut self.scratch);
        self.pos = (start + len + 1).min(self.data.len());
        self.items.push(StringElement::Decoded { start: from, end: self.scratch.len() });
    }
}

/// Decodes a literal string whose opening bracket has been read; returns the length including the closing bracket.
pub(super) fn decode_literal(data: &[u8], out: &mut Vec<u8>) -> usize {
    let mut depth = 0_u32;
    let mut i = 0;
    while let Some(&byte) = data.get(i) {
        i += 1;
        match byte {
            b'(' => {
                depth += 1;
                out.push(byte);
            }
            b')' if depth == 0 => return i,
            b')' => {
                depth -= 1;
                out.push(byte);
            }
            b'\r' => {
                if data.get(i) == Some(&b'\n') {
                    i += 1;
                }
                out.push(b'\n');
            }
            b'\\' => {
                let Some(&escaped) = data.get(i) else { break };
                i += 1;
                match escaped {
                    b'n' => out.push(b'\n'),
                    b'r' => out.push(b'\r'),
                    b't' => out.push(b'\t'),
                    b'b' => out.push(8),
                    b'f' => out.push(12),
                    b'\n' => {}
                    b'\r' => {
                        if data.get(i) == Some(&b'\n') {
                            i += 1;
                        }
                    }
                    b'0'..=b'7' => {
                        let mut value = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            match data.get(i) {
                                Some(&digit @ b'0'..=b'7') => {
                                    value = value * 8 + u32::from(digit - b'0');
                                    i += 1;
                                }
                                _ => break,
                            }
                        }
                        // The PDF specification says that a high overflow is ignored.
                        out.push((value & 0xFF) as u8);
                    }
                    other => out.push(other),
                }
            }
            _ => out.push(byte),
        }
    }
    i
}

pub(super) fn decode_hex(data: &[u8], out: &mut Vec<u8>) {
    let mut high = None;
    for &byte in data {
        let Some(digit) = (byte as char).to_digit(16) else {
            continue;
        };
        let digit = (digit & 0xF) as u8;
        match high.take() {
            None => high = Some(digit),
            Some(upper) => out.push(upper << 4 | digit),
        }
    }
    if let Some(upper) = high {
        out.push(upper << 4);
    }
}

#[inline]
fn skip_regular(data: &[u8], from: usize) -> usize {
    let tail = data.get(from..).unwrap_or_default();
    let length = tail.iter().position(|b| CLASS[usize::from(*b)] & (WHITE | DELIMITER) != 0);
    from + length.unwrap_or(tail.len())
}

/// Reads a number as viewers do: any byte that cannot continue it ends it; exponents do not exist.
#[expect(clippy::cast_precision_loss, reason = "page coordinates fit f32")]
fn number_at(data: &[u8], start: usize) -> f32 {
    /// An f32 holds no more digits.
    const DIGITS: u32 = 9;
    const POWERS: [f32; 10] = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];
    let mut tail = data.get(start..).unwrap_or_default().iter();
    let (mut negative, mut value, mut digits, mut places) = (false, 0_u32, 0, 0);
    let mut large = 1.0_f32;
    let mut seen_point = false;
    for &byte in &mut tail {
        match byte {
            b'0'..=b'9' => {
                if digits < DIGITS && places < POWERS.len() - 1 {
                    value = value * 10 + u32::from(byte - b'0');
                    digits += u32::from(value > 0);
                    places += usize::from(seen_point);
                } else if !seen_point {
                    large *= 10.0;
                }
            }
            b'.' if !seen_point => seen_point = true,
            b'-' if value == 0 && !seen_point => negative = true,
            b'+' if value == 0 && !seen_point => {}
            _ => break,
        }
    }
    let value = value as f32 * POWERS[places] * large;
    if negative { -value } else { value }
}

/// Finds `word` where white space or delimiters surround it.
fn find_word(data: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    let tail = data.get(from..)?;
    memmem::find_iter(tail, word).map(|at| from + at).find(|&at| {
        let before = at == 0 || CLASS[usize::from(data[at - 1])] & (WHITE | DELIMITER) != 0;
        let after =
            data.get(at + word.len()).is_none_or(|b| CLASS[usize::from(*b)] & (WHITE | DELIMITER) != 0);
        before && after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(content: &[u8]) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
        let mut lexer = Lexer::new(content);
        let mut out = Vec::new();
        while let Some(op) = lexer.next_operator() {
            let items = lexer.items.iter().map(|i| lexer.bytes(*i).to_vec()).collect();
            out.push((op.to_vec(), items));
        }
        out
    }

    #[test]
    fn strings_are_decoded_as_the_format_says() {
        let got = strings(b"(a\\(b\\)\\101\\n(x)) Tj <48 4f4> Tj (line\\\r\nend\rx) Tj");
        assert_eq!(got[0].1[0], b"a(b)A\n(x)");
        assert_eq!(got[1].1[0], b"HO@");
        assert_eq!(got[2].1[0], b"lineend\nx");
    }

    #[test]
    fn numbers_come_as_the_last_ones_before_the_operator() {
        let mut lexer = Lexer::new(b"9 9 1 0 -.5 +2. 10.25 -0.125 cm 1 TL");
        assert_eq!(lexer.next_operator(), Some(&b"cm"[..]));
        assert_eq!(lexer.numbers::<6>(), Some([1.0, 0.0, -0.5, 2.0, 10.25, -0.125]));
        assert_eq!(lexer.next_operator(), Some(&b"TL"[..]));
        assert_eq!(lexer.numbers::<2>(), None);
    }

    #[test]
    fn numbers_of_any_length_are_read() {
        let close =
            |text: &str, value: f32| (number_at(text.as_bytes(), 0) - value).abs() <= value.abs() * 1e-6;
        assert!(close("123456.75 ", 123_456.75));
        assert!(close("12345678901234 ", 1.234_567_9e13));
        assert!(close("0.0000000001234", 0.0) || number_at(b"0.0000000001234", 0) < 1e-8);
        assert!(close("-0.333333333333333333", -0.333_333_34));
        assert!(close("00000000000007.5", 7.5));
        assert!(close("--5", -5.0));
    }

    #[test]
    fn an_inline_image_hides_its_bytes() {
        let mut lexer = Lexer::new(b"BI /W 2 /H 2 ID \x00\xffEI \xfe\x01(no) Tj\xff EI Q (yes) Tj");
        assert_eq!(lexer.next_operator(), Some(&b"BI"[..]));
        lexer.skip_inline_image();
        assert_eq!(lexer.next_operator(), Some(&b"Q"[..]));
        assert_eq!(lexer.next_operator(), Some(&b"Tj"[..]));
        assert_eq!(lexer.bytes(lexer.items[0]), b"yes");
    }

    #[test]
    fn dictionaries_are_kept_whole_and_leave_no_operands() {
        let mut lexer = Lexer::new(b"/Span <</ActualText (a>>b) /D <</E 1>> >> BDC");
        assert_eq!(lexer.next_operator(), Some(&b"BDC"[..]));
        assert_eq!(lexer.dict, Some(&b"<</ActualText (a>>b) /D <</E 1>> >>"[..]));
        assert!(lexer.items.is_empty());
    }

    #[test]
    fn unfinished_streams_end_quietly() {
        for bytes in [&b"(abc"[..], b"<41", b"<<", b"[(a) 12", b"/", b"(\\", b"BI ID", b"%"] {
            let mut lexer = Lexer::new(bytes);
            while lexer.next_operator().is_some() {
                lexer.skip_inline_image();
            }
        }
    }
}
