//! Splits OFX into tags, each with the text that follows it, with memory for one of them.
//!
//! Reads both forms leniently: values with and without closing tags, stray `<` and `&`, attributes, namespaces,
//! comments, CDATA. Entities that a document declares itself are never expanded.

use std::io::{BufRead, BufReader, Read};

use memchr::{memchr, memchr_iter, memrchr};

use crate::ParseError;

/// Maximum length of names, values and comments in bytes. Longer ones are truncated.
const LONGEST: usize = 64 * 1024;
const BUFFER: usize = 64 * 1024;

/// A tag and the text up to the next one, as raw bytes of the file.
#[derive(Debug)]
pub(super) struct OfxTag<'a> {
    pub line: u64,
    /// In capitals, without a namespace.
    pub name: &'a str,
    pub closes: bool,
    pub value: &'a [u8],
    /// Whether the value was truncated.
    pub cut: bool,
}

pub(super) struct Tags<R> {
    source: BufReader<R>,
    line: u64,
    name: String,
    value: Vec<u8>,
    piece: Vec<u8>,
    /// The next tag, which was read while searching for the end of the value before it.
    next: Option<(u64, Vec<u8>)>,
    begun: bool,
}

impl<R: Read> Tags<R> {
    pub fn new(source: R) -> Self {
        Self {
            source: BufReader::with_capacity(BUFFER, source),
            line: 1,
            name: String::new(),
            value: Vec::new(),
            piece: Vec::new(),
            next: None,
            begun: false,
        }
    }

    pub fn next(&mut self) -> Result<Option<OfxTag<'_>>, ParseError> {
        if !self.begun {
            self.begun = true;
            self.text()?;
        }
        let Some((line, tag)) = self.next.take() else { return Ok(None) };
        let closes = tag.first() == Some(&b'/');
        let empty = tag.last() == Some(&b'/');
        let name =
            tag[usize::from(closes)..].split(|byte| byte.is_ascii_whitespace() || *byte == b'/').next();
        let name = name.and_then(|name| name.rsplit(|byte| *byte == b':').next()).unwrap_or_default();
        self.name.clear();
        self.name.extend(name.iter().map(|byte| char::from(byte.to_ascii_uppercase())));
        let cut = self.text()?;
        if closes || empty {
            self.value.clear();
        }
        Ok(Some(OfxTag {
            line,
            name: &self.name,
            closes,
            value: self.value.trim_ascii(),
            cut: cut && !closes,
        }))
    }

    /// Reads text up to the next tag into `value`, and that tag into `next`. Returns whether text was truncated.
    fn text(&mut self) -> Result<bool, ParseError> {
        self.value.clear();
        let mut cut = false;
        loop {
            let mut value = std::mem::take(&mut self.value);
            let found = self.until(b'<', &mut value, &mut cut)?;
            self.value = value;
            if found.is_none() {
                return Ok(cut);
            }
            let line = self.line;
            match self.source.fill_buf()?.first() {
                Some(b'!' | b'?') => self.markup(&mut cut)?,
                Some(byte) if byte.is_ascii_alphabetic() || *byte == b'/' => {
                    let mut tag = Vec::new();
                    self.until(b'>', &mut tag, &mut cut)?;
                    // An earlier `<` is part of the text; the last one begins the tag.
                    if let Some(at) = memrchr(b'<', &tag) {
                        cut |= add(&mut self.value, b"<");
                        cut |= add(&mut self.value, &tag[..at]);
                        tag.drain(..=at);
                    }
                    self.next = Some((line, tag));
                    return Ok(cut);
                }
                // A `<` that is part of the text.
                _ => cut |= add(&mut self.value, b"<"),
            }
        }
    }

    /// Reads markup that begins with `<!` or `<?`. It is skipped, except for CDATA, which is text.
    fn markup(&mut self, cut: &mut bool) -> Result<(), ParseError> {
        let mut piece = std::mem::take(&mut self.piece);
        piece.clear();
        let (mut ignored, mut bracket, mut looked) = (false, false, 0);
        loop {
            let Some(last) = self.until(b'>', &mut piece, &mut ignored)? else {
                // Markup that never ends may have contained anything.
                *cut = true;
                break;
            };
            bracket |= piece[looked..].contains(&b'[');
            let ends = if piece.starts_with(b"!--") {
                piece.len() >= 5 && last == *b"--"
            } else if piece.starts_with(b"![CDATA[") {
                last == *b"]]"
            } else {
                // A declaration that contains other declarations ends with its bracket.
                piece.starts_with(b"?") || !bracket || last[1] == b']'
            };
            if ends {
                break;
            }
            looked = piece.len();
            ignored |= add(&mut piece, b">");
        }
        if let Some(text) = piece.strip_prefix(b"![CDATA[") {
            *cut |= ignored;
            for byte in text.strip_suffix(b"]]").unwrap_or(text) {
                let escaped = if *byte == b'&' { b"&amp;" } else { std::slice::from_ref(byte) };
                *cut |= add(&mut self.value, escaped);
            }
        }
        self.piece = piece;
        Ok(())
    }

    /// Reads up to and including `end`, and appends the bytes before it, up to the maximum length. Returns the last two
    /// bytes before `end`, or `None` if `end` does not occur.
    fn until(&mut self, end: u8, into: &mut Vec<u8>, cut: &mut bool) -> Result<Option<[u8; 2]>, ParseError> {
        let mut last = [0; 2];
        loop {
            let buffer = match self.source.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            if buffer.is_empty() {
                return Ok(None);
            }
            let found = memchr(end, buffer);
            let piece = &buffer[..found.unwrap_or(buffer.len())];
            last = match piece {
                [] => last,
                [only] => [last[1], *only],
                [.., a, b] => [*a, *b],
            };
            self.line += memchr_iter(b'\n', piece).count() as u64;
            *cut |= add(into, piece);
            let used = piece.len() + usize::from(found.is_some());
            self.source.consume(used);
            if found.is_some() {
                return Ok(Some(last));
            }
        }
    }
}

/// Appends as much of a piece as fits. Returns whether it was truncated.
fn add(into: &mut Vec<u8>, piece: &[u8]) -> bool {
    let room = LONGEST.saturating_sub(into.len());
    into.extend_from_slice(&piece[..piece.len().min(room)]);
    piece.len() > room
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<String> {
        let mut tags = Tags::new(text.as_bytes());
        let mut seen = Vec::new();
        while let Some(tag) = tags.next().expect("readable") {
            let value = String::from_utf8_lossy(tag.value);
            seen.push(format!("{}{}{}={value}", tag.line, if tag.closes { "/" } else { " " }, tag.name));
        }
        seen
    }

    #[test]
    fn both_forms_are_cut() {
        let expected = ["1 A=", "1 B=x y", "1/A="];
        assert_eq!(tags("<A><B>x y</A>"), expected);
        assert_eq!(tags("<n:a q='1'><b >x y</b></n:a>"), ["1 A=", "1 B=x y", "1/B=", "1/A="]);
        assert_eq!(tags("head\n<A>\n<B>x y\n</A>"), ["2 A=", "3 B=x y", "4/A="]);
    }

    #[test]
    fn what_is_no_tag_is_text_or_passed_over() {
        assert_eq!(tags("<A>1 < 2 <!-- <B>x --><![CDATA[<C> & d]]></A>"), ["1 A=1 < 2 <C> &amp; d", "1/A="]);
        assert_eq!(tags("<?xml x?><!DOCTYPE a [<!ENTITY b 'c'>]><A>&b;<B/>z"), ["1 A=&b;", "1 B="]);
        assert_eq!(tags("<A>open"), ["1 A=open"]);
        assert_eq!(tags("<A>open<"), ["1 A=open<"]);
    }

    #[test]
    fn what_is_too_long_is_cut_off() {
        let text = format!("<A>{}</A><!--{}--><B>x</B>", "y".repeat(200_000), "-> ".repeat(100_000));
        let mut tags = Tags::new(text.as_bytes());
        let first = tags.next().expect("readable").expect("a tag");
        assert_eq!((first.value.len(), first.cut), (LONGEST, true));
        let mut last = None;
        while let Some(tag) = tags.next().expect("readable") {
            if !tag.closes {
                last = Some((tag.name.to_owned(), tag.value.to_vec()));
            }
        }
        assert_eq!(last, Some(("B".to_owned(), b"x".to_vec())));
    }

    #[test]
    fn memory_does_not_follow_the_length_of_a_value() {
        let many = 8 * LONGEST;
        let cdata = format!("<![CDATA[{}]]>", "&".repeat(LONGEST - 10)).repeat(8);
        for long in
            [cdata, "<![CDATA[&]]>".repeat(many), "<".repeat(many), "<a".repeat(many), "&amp;".repeat(many)]
        {
            let text = format!("<A>{long}</A><B>x</B>");
            let mut tags = Tags::new(text.as_bytes());
            let first = tags.next().expect("readable").expect("a tag");
            assert!(first.cut, "{:?}", &long[..10]);
            let mut last = None;
            while let Some(tag) = tags.next().expect("readable") {
                if tag.name == "B" && !tag.closes {
                    last = Some((tag.value.to_vec(), tag.cut));
                }
            }
            assert_eq!(last, Some((b"x".to_vec(), false)), "{:?}", &long[..10]);
            assert!(tags.value.capacity().max(tags.piece.capacity()) <= 2 * LONGEST, "{:?}", &long[..10]);
        }
    }
}
