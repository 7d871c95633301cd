//! From a file to its text: parsed in a sandbox, its pictures read by OCR, and cached for the next time.
//!
//! All functions here block; call them from a thread that may. This crate knows nothing of codes, sessions or queues.

mod evidence;
mod list;
mod ocr_cache;
mod pictures;
pub mod sandbox;
mod text_cache;
mod transcript;

pub use evidence::PageError;
pub use text_cache::ReadOutcome;
pub use transcript::Malformed;

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use riffle_extract::{ExtractError, ImageLimits, PageImage, ReadLimits, Sink, Unit};
use riffle_ports::{Confirmed, Content, Ocr, Opened, PortError, ReadError, TextCache, TextKey, Worth};
use sha2::{Digest, Sha256};

use ocr_cache::Remembering;
use pictures::PictureOutcome;
use sandbox::{Listener, Pool};
use text_cache::Packer;

/// A file to read.
#[derive(Debug, Clone)]
pub struct SourceFile<'a> {
    /// Only a hint of the format.
    pub name: &'a str,
    pub tenant: &'a str,
    /// Identifies the file across sessions; `version` identifies its content there.
    pub identity: &'a str,
    pub version: &'a str,
    /// Whether OCR reads pictures of text.
    pub ocr: bool,
}

/// Receives a file's text, possibly again from the beginning.
pub trait TextSink: Sink {
    /// Discards the file's units so far: they are sent again.
    fn restart(&mut self);
}

/// Where files are parsed.
#[derive(Debug)]
pub enum Parser {
    /// In separate processes.
    Sandbox(Pool),
    /// In this process, to measure the cost of the sandbox.
    InProcess(ReadLimits),
}

/// The text of a file that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered(Vec<u8>);

impl Remembered {
    /// Returns its compressed size in bytes.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Passes the text on. Returns `None` if the stored bytes are broken and the file must be read again.
    pub fn replay(&self, text: &mut dyn TextSink) -> Option<ReadOutcome> {
        let ended = text_cache::replay(&self.0, text);
        if ended.is_err() {
            text.restart();
        }
        ended.ok()
    }
}

/// Reads files.
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Reader {
    pub parser: Parser,
    pub cache: Option<Arc<dyn TextCache>>,
    pub ocr: Option<Arc<dyn Ocr>>,
}

impl Reader {
    /// Returns the cached text of the file, if there is one. Blocks while the cache loads it.
    pub fn recall(&self, source_file: &SourceFile<'_>) -> Option<Remembered> {
        let cache = self.cache_for(Worth::Files)?;
        let packed_text = cache.find(self.place(source_file)).unwrap_or_else(|error| {
            tracing::warn!(%error, "the text cache cannot be read: the file is read again");
            None
        });
        packed_text.map(Remembered)
    }

    /// Reads the file, or takes its text from the cache.
    ///
    /// # Errors
    /// Fails if the source reports an error for the file, or no sandbox is available. A parser's error is part of the
    /// returned [`ReadOutcome`].
    pub fn read(
        &self,
        source_file: &SourceFile<'_>,
        opened: &dyn Opened,
        text: &mut dyn TextSink,
    ) -> Result<ReadOutcome, ReadError> {
        let content = opened.content();
        let Some(cache) = self.cache_for(Worth::Files) else {
            let (ended, _) = self.parse(source_file, &content, text, None)?;
            opened.confirm()?;
            return Ok(ended);
        };
        let key = self.key(source_file, "content", &[&digest(&content)?]);
        let known = cache.get(key).unwrap_or_else(|error| {
            tracing::warn!(%error, "the text cache cannot be read: the file is read again");
            None
        });
        let recalled = known.and_then(|packed_text| Remembered(packed_text).replay(text));
        let is_known = recalled.is_some();
        let (ended, packed_text) = match recalled {
            Some(ended) => (ended, None),
            None => self.parse(source_file, &content, text, Some(Packer::new()))?,
        };
        let confirmed = opened.confirm()?;
        let remember = || {
            if let Some(packed_text) = packed_text {
                cache.put(key, packed_text)?;
            } else if !is_known {
                return Ok(());
            }
            if confirmed == Confirmed::Settled { cache.link(self.place(source_file), key) } else { Ok(()) }
        };
        if let Err(error) = remember() {
            tracing::warn!(%error, "the text cache cannot be written: the next scan reads the file again");
        }
        Ok(ended)
    }

    fn parse(
        &self,
        source_file: &SourceFile<'_>,
        content: &Content<'_>,
        text: &mut dyn TextSink,
        packer: Option<Packer>,
    ) -> Result<(ReadOutcome, Option<Vec<u8>>), PortError> {
        // Drawing a page takes longer than reading a hundred, so pages are drawn only if OCR can read them.
        let ocr = self.ocr.as_deref().filter(|ocr| source_file.ocr && ocr.is_available());
        let remembering;
        let ocr = match (ocr, self.cache_for(Worth::Pictures)) {
            (Some(engine), Some(cache)) => {
                remembering = Remembering { engine, cache };
                Some(&remembering as &dyn Ocr)
            }
            (ocr, _) => ocr,
        };
        let mut incoming = Incoming::new(text, ocr.map(|ocr| (source_file.tenant, ocr)), packer);
        let (bytes, outcome) = match &self.parser {
            Parser::Sandbox(pool) => pool.parse(source_file.name, content, &mut incoming)?,
            Parser::InProcess(limits) => {
                let bytes = content.bytes()?;
                let outcome = riffle_extract::extract(source_file.name, &bytes, limits, &mut incoming);
                (bytes.len() as u64, outcome)
            }
        };
        let packer = incoming.finish()?;
        let ended = ReadOutcome { bytes, outcome };
        let packed_text =
            if is_final(&ended.outcome) { packer.and_then(|packer| packer.finish(&ended)) } else { None };
        Ok((ended, packed_text))
    }

    /// Returns the cache, if it is meant for `worth`.
    fn cache_for(&self, worth: Worth) -> Option<&dyn TextCache> {
        self.cache.as_deref().filter(|cache| cache.worth() == worth)
    }

    fn place(&self, source_file: &SourceFile<'_>) -> TextKey {
        self.key(source_file, "place", &[source_file.identity.as_bytes(), source_file.version.as_bytes()])
    }

    /// Derives a key from everything that affects the text.
    fn key(&self, source_file: &SourceFile<'_>, what: &str, parts: &[&[u8]]) -> TextKey {
        let ocr = self.ocr.as_ref().filter(|_| source_file.ocr).map(|ocr| ocr.variant()).unwrap_or_default();
        let fallback_variant = match &self.parser {
            Parser::Sandbox(pool) => pool.variant(),
            Parser::InProcess(_) => b"",
        };
        // Some formats are recognised only by the file's extension, so another extension may give another text.
        let extension = source_file.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let fixed = [source_file.tenant.as_bytes(), ocr.as_bytes(), fallback_variant, extension.as_bytes()];
        key(what, &[&fixed[..], parts].concat())
    }
}

/// Hashes each part with its length, so that no two lists of parts give the same input.
fn key(what: &str, parts: &[&[u8]]) -> TextKey {
    let version = [transcript::VERSION.to_le_bytes(), riffle_extract::VERSION.to_le_bytes()].concat();
    let mut hash = Sha256::new();
    let fixed: [&[u8]; 2] = [what.as_bytes(), &version];
    for part in fixed.iter().chain(parts) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    TextKey(hash.finalize().into())
}

/// Returns whether reading the same bytes again gives the same result. It may not after a limit was hit or the parser
/// crashed.
fn is_final(outcome: &Result<riffle_extract::Extracted, ExtractError>) -> bool {
    !matches!(outcome, Err(ExtractError::TooLarge(_) | ExtractError::Panicked(_)))
}

fn digest(content: &Content<'_>) -> Result<[u8; 32], ReadError> {
    let mut hash = Sha256::new();
    match content {
        Content::Memory(bytes) => hash.update(bytes),
        Content::File(file, size) => {
            let mut piece = vec![0; 128 * 1024];
            let mut at = 0;
            while at < *size {
                let read = file.read_at(&mut piece, at).map_err(unreadable)?;
                if read == 0 {
                    return Err(ReadError::Changed);
                }
                let most = usize::try_from(*size - at).unwrap_or(usize::MAX);
                hash.update(&piece[..read.min(most)]);
                at += read as u64;
            }
        }
    }
    Ok(hash.finalize().into())
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err expects")]
fn unreadable(error: std::io::Error) -> ReadError {
    ReadError::Denied(error.to_string())
}

/// Receives a parser's output: passes the text on, packs it for the cache and has pictures read.
struct Incoming<'t> {
    text: &'t mut dyn TextSink,
    /// The tenant OCR reads for, and the engine.
    ocr: Option<(&'t str, &'t dyn Ocr)>,
    /// Also `None` once reading the file again may give more text.
    packer: Option<Packer>,
    /// The pages that a parser in this process reads with the positions of their characters; `None` reads all without.
    pages: Option<&'t [u32]>,
    reader: transcript::TranscriptReader,
    writer: transcript::TranscriptWriter,
    /// The first failure that the file did not cause.
    broken: Option<PortError>,
}

/// Units are packed once they take this many bytes.
const PACK_AT: usize = 64 * 1024;

impl<'t> Incoming<'t> {
    fn new(text: &'t mut dyn TextSink, ocr: Option<(&'t str, &'t dyn Ocr)>, packer: Option<Packer>) -> Self {
        let (reader, writer) = Default::default();
        Self { text, ocr, packer, pages: None, reader, writer, broken: None }
    }

    fn finish(mut self) -> Result<Option<Packer>, PortError> {
        self.pack();
        self.broken.map_or(Ok(self.packer), Err)
    }

    fn pack(&mut self) {
        if let Some(packer) = &mut self.packer
            && !self.writer.units.is_empty()
        {
            packer.units(&self.writer.units);
        }
        self.writer.units.clear();
    }
}

/// Used by a parser in this process, and for text from OCR.
impl Sink for Incoming<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        if self.packer.is_some() {
            self.writer.unit(unit);
            if self.writer.units.len() >= PACK_AT {
                self.pack();
            }
        }
        self.text.unit(unit);
    }

    fn wants_layout(&self) -> bool {
        self.pages.is_some()
    }

    fn wants_page(&self, number: u32) -> bool {
        self.pages.is_none_or(|pages| pages.binary_search(&number).is_ok())
    }

    fn wants_images(&self) -> bool {
        self.ocr.is_some()
    }

    fn image_limits(&self) -> ImageLimits {
        self.ocr.map_or(ImageLimits::NONE, |(_, ocr)| {
            let most = ocr.limits();
            ImageLimits { bytes: most.bytes, side: most.side }
        })
    }

    fn image(&mut self, image: &PageImage<'_>) -> bool {
        // After a failure that the file did not cause, the whole file is read again later, and its pictures with it.
        let Some(ocr) = self.ocr.filter(|_| self.broken.is_none()) else { return false };
        let read = pictures::read(ocr, image, self).unwrap_or_else(|error| {
            self.broken.get_or_insert(error);
            PictureOutcome::Unread
        });
        if read == PictureOutcome::NotNow {
            (self.ocr, self.packer) = (None, None);
        }
        // Pack the picture's text now, so that it stays ahead of the units the parser sends later.
        self.pack();
        read == PictureOutcome::Read
    }
}

impl Listener for Incoming<'_> {
    fn units(&mut self, units: &[u8]) -> Result<(), Malformed> {
        self.reader.read(units, self.text)?;
        if let Some(packer) = &mut self.packer {
            packer.units(units);
        }
        Ok(())
    }

    fn restart(&mut self) {
        self.text.restart();
        self.packer = self.packer.take().map(|_| Packer::new());
        (self.reader, self.writer) = Default::default();
    }
}
