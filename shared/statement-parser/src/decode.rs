//! Decodes bytes of an unknown encoding to text.
//!
//! All encodings except UTF-16 have delimiters, digits and line ends at their ASCII values. The parsers split such
//! files as bytes and decode only the parts they use, so that the encoding can be determined from the whole file.

use std::borrow::Cow;
use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::{ParseError, Reject};

/// Number of bytes of pieces with characters beyond ASCII that are used to detect the encoding.
const SAMPLE: usize = 64 * 1024;
const CHUNK: usize = 16 * 1024;

/// Detects UTF-16 by its byte order mark, or by zeros in every other byte, as in Western text.
pub(crate) fn wide(head: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_bom(head) {
        Some((encoding, _)) => return (encoding != UTF_8).then_some(encoding),
        None if head.len() < 4 => return None,
        None => {}
    }
    let sample = &head[..head.len().min(4096)];
    let pairs = sample.len() / 2;
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if odd * 10 >= pairs * 6 && even * 20 <= pairs {
        Some(UTF_16LE)
    } else if even * 10 >= pairs * 6 && odd * 20 <= pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// A reader of a file's bytes: it skips the byte order mark, converts UTF-16 to UTF-8 and enforces a size limit.
pub(crate) struct DecodedSource<R> {
    inner: R,
    decoder: Option<Decoder>,
    /// Bytes that were decoded and not returned yet.
    ready: Vec<u8>,
    at: usize,
    begun: bool,
    ended: bool,
    left: u64,
    limit: u64,
}

impl<R: Read> DecodedSource<R> {
    pub fn new(inner: R, wide: Option<&'static Encoding>, limit: u64) -> Self {
        let decoder = wide.map(Encoding::new_decoder_with_bom_removal);
        Self { inner, decoder, ready: Vec::new(), at: 0, begun: false, ended: false, left: limit, limit }
    }

    /// Reads from the input and counts the bytes.
    fn input(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.inner.read(into) {
                Ok(read) => {
                    let Some(left) = self.left.checked_sub(read as u64) else {
                        let why = Reject::TooLarge { what: "bytes".to_owned(), limit: self.limit };
                        return Err(io::Error::other(why));
                    };
                    self.left = left;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.begun = true;
        if self.decoder.is_some() {
            return Ok(());
        }
        // The byte order mark of UTF-8 may arrive in several reads.
        let mut mark = [0; 3];
        let mut filled = 0;
        while filled < mark.len() {
            match self.input(&mut mark[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        if mark != *b"\xEF\xBB\xBF" {
            self.ready.extend_from_slice(&mark[..filled]);
        }
        Ok(())
    }

    fn decode(&mut self) -> io::Result<()> {
        let mut raw = [0; CHUNK];
        while self.at == self.ready.len() && !self.ended {
            let read = self.input(&mut raw)?;
            self.ended = read == 0;
            let Some(decoder) = &mut self.decoder else { return Ok(()) };
            self.at = 0;
            self.ready.clear();
            let mut from = &raw[..read];
            loop {
                let room = decoder.max_utf8_buffer_length(from.len()).unwrap_or(CHUNK * 3).max(16);
                let filled = self.ready.len();
                self.ready.resize(filled + room, 0);
                let (result, used, written, _) =
                    decoder.decode_to_utf8(from, &mut self.ready[filled..], self.ended);
                self.ready.truncate(filled + written);
                from = &from[used..];
                if result == encoding_rs::CoderResult::InputEmpty {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for DecodedSource<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.begun {
            self.begin()?;
        }
        if self.at == self.ready.len() && self.decoder.is_some() {
            self.decode()?;
        }
        let ready = &self.ready[self.at..];
        if !ready.is_empty() {
            let length = ready.len().min(into.len());
            into[..length].copy_from_slice(&ready[..length]);
            self.at += length;
            return Ok(length);
        }
        if self.decoder.is_some() { Ok(0) } else { self.input(into) }
    }
}

impl From<io::Error> for ParseError {
    /// A limit that is exceeded while reading is passed through `Read` as an error, but it is not an input error.
    fn from(error: io::Error) -> Self {
        match error.downcast::<Reject>() {
            Ok(reject) => Self::Reject(reject),
            Err(error) => Self::Io(error),
        }
    }
}

/// Collects evidence about the encoding of a file.
pub(crate) struct Guess {
    detector: EncodingDetector,
    fed: usize,
    foreign: u64,
    broken: u64,
}

impl Guess {
    pub fn new() -> Self {
        Self { detector: EncodingDetector::new(Iso2022JpDetection::Deny), fed: 0, foreign: 0, broken: 0 }
    }

    /// Adds a piece of the file. The piece must not end within a character.
    pub fn feed(&mut self, piece: &[u8]) {
        if piece.is_ascii() {
            return;
        }
        for chunk in piece.utf8_chunks() {
            self.foreign += chunk.valid().chars().filter(|char| !char.is_ascii()).count() as u64;
            self.broken += u64::from(!chunk.invalid().is_empty());
        }
        if self.fed < SAMPLE {
            let piece = &piece[..piece.len().min(SAMPLE - self.fed)];
            self.detector.feed(piece, false);
            self.fed += piece.len();
        }
    }

    /// Returns whether any byte beyond ASCII was added.
    pub fn is_fed(&self) -> bool {
        self.fed > 0
    }

    /// Returns the encoding. Mostly valid UTF-8 with a few damaged bytes counts as UTF-8, not as Windows-1252.
    pub fn charset(self) -> Charset {
        if self.broken * 10 <= self.foreign {
            return Charset(UTF_8);
        }
        Charset(self.detector.guess(None, Utf8Detection::Deny))
    }
}

/// The encoding of a file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(pub &'static Encoding);

impl Charset {
    pub fn of(head: &[u8]) -> Self {
        let mut guess = Guess::new();
        guess.feed(head);
        guess.charset()
    }

    /// Decodes text. Bytes that are valid UTF-8 are decoded as UTF-8: files composed of two encodings are common,
    /// accidentally valid UTF-8 is not.
    pub fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if self.0 == UTF_8 => String::from_utf8_lossy(bytes),
            Err(_) => self.0.decode_without_bom_handling(bytes).0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &[u8]) -> String {
        let mut text = Vec::new();
        DecodedSource::new(raw, wide(raw), 1 << 20).read_to_end(&mut text).expect("readable");
        Charset::of(&text).decode(&text).into_owned()
    }

    #[test]
    fn encodings_are_found() {
        assert_eq!(text(b"\xEF\xBB\xBFBetrag"), "Betrag");
        assert_eq!(text(b"\xFF\xFEB\0e\0"), "Be");
        assert_eq!(text(b"B\0e\0t\0r\0"), "Betr");
        assert_eq!(text(b"\0B\0e\0t\0r"), "Betr");
        assert_eq!(text("Währung;Empfänger".as_bytes()), "Währung;Empfänger");
        assert_eq!(text(b"W\xE4hrung;Empf\xE4nger;Stra\xDFe"), "Währung;Empfänger;Straße");
    }

    #[test]
    fn one_damaged_byte_does_not_change_the_encoding() {
        let mut bytes = "Größe Straße Köln Übung Äpfel Öl übel größer".as_bytes().to_vec();
        bytes.push(0xFF);
        assert!(text(&bytes).starts_with("Größe Straße"));
    }

    #[test]
    fn a_limit_comes_through_reading_as_a_reject() {
        let error =
            DecodedSource::new(&b"12345"[..], None, 4).read_to_end(&mut Vec::new()).expect_err("too large");
        assert!(matches!(ParseError::from(error), ParseError::Reject(Reject::TooLarge { limit: 4, .. })));
    }
}
