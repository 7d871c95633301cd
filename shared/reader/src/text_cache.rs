//! The stored form of a file's text, kept for the next scan, and of the text OCR read from a picture.
//!
//! ```text
//! kept   := version (4 bytes) block (JSON of the outcome) piece*
//! piece  := block                             whole units, as in `transcript.rs`
//! pages  := version (4 bytes) block (JSON of lines of words)
//! block  := length, length unpacked (4 bytes each), LZ4
//! ```

use riffle_extract::{ExtractError, Extracted, Sink};
use riffle_ports::OcrLine;
use serde::{Deserialize, Serialize};

use crate::transcript::{self, Malformed};

/// Compressed bytes above which a text is not stored: loading it would cost as much as parsing the file.
const MOST: usize = 8 << 20;
/// The version of stored OCR results, apart from the transcript's, because reading a picture again may cost money.
const PAGES: u32 = 1;
/// Unpacked bytes above which a block is invalid.
const BLOCK: usize = 256 << 20;

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOutcome {
    /// Size of the file in bytes.
    pub bytes: u64,
    pub outcome: Result<Extracted, ExtractError>,
}

/// Compresses units as they arrive.
#[derive(Debug)]
pub(crate) struct Packer {
    /// `None` once the text is too large to store.
    pieces: Option<Vec<u8>>,
}

impl Packer {
    pub fn new() -> Self {
        Self { pieces: Some(Vec::new()) }
    }

    /// Adds whole units.
    pub fn units(&mut self, units: &[u8]) {
        let Some(pieces) = &mut self.pieces else { return };
        pack(pieces, units);
        if pieces.len() > MOST || units.len() > BLOCK {
            self.pieces = None;
        }
    }

    /// Returns the stored form, if the text is to be stored.
    pub fn finish(self, ended: &ReadOutcome) -> Option<Vec<u8>> {
        let pieces = self.pieces?;
        let mut kept = transcript::VERSION.to_le_bytes().to_vec();
        pack(&mut kept, &serde_json::to_vec(ended).ok()?);
        kept.extend_from_slice(&pieces);
        Some(kept)
    }
}

/// Returns the stored form of the text OCR read from a picture, page by page.
pub(crate) fn pages(pages: &[Vec<OcrLine>]) -> Option<Vec<u8>> {
    let mut kept = PAGES.to_le_bytes().to_vec();
    pack(&mut kept, &serde_json::to_vec(pages).ok()?);
    Some(kept)
}

pub(crate) fn pages_of(kept: &[u8]) -> Result<Vec<Vec<OcrLine>>, Malformed> {
    let mut pages = Vec::new();
    unpack(block(&mut known(kept, PAGES)?)?, &mut pages)?;
    serde_json::from_slice(&pages).map_err(|_| Malformed)
}

fn pack(to: &mut Vec<u8>, bytes: &[u8]) {
    let packed = lz4_flex::block::compress(bytes);
    for length in [packed.len(), bytes.len()] {
        to.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
    }
    to.extend_from_slice(&packed);
}

/// Takes a compressed block off `from` and returns it with its unpacked length.
fn block<'k>(from: &mut &'k [u8]) -> Result<(&'k [u8], usize), Malformed> {
    let mut length = || -> Result<usize, Malformed> {
        let (length, rest) = from.split_first_chunk::<4>().ok_or(Malformed)?;
        *from = rest;
        Ok(u32::from_le_bytes(*length) as usize)
    };
    let (packed, unpacked) = (length()?, length()?);
    let (block, rest) = from.split_at_checked(packed).ok_or(Malformed)?;
    *from = rest;
    // LZ4 compresses 255 to 1 at best; a block that claims more is refused before memory is reserved for it.
    if unpacked > BLOCK || unpacked / 256 > packed { Err(Malformed) } else { Ok((block, unpacked)) }
}

fn unpack((block, length): (&[u8], usize), into: &mut Vec<u8>) -> Result<(), Malformed> {
    into.resize(length, 0);
    let unpacked = lz4_flex::block::decompress_into(block, into).map_err(|_| Malformed)?;
    if unpacked == length { Ok(()) } else { Err(Malformed) }
}

/// Returns the bytes after the version, if it is `ours`.
fn known(kept: &[u8], ours: u32) -> Result<&[u8], Malformed> {
    let (version, rest) = kept.split_first_chunk::<4>().ok_or(Malformed)?;
    if u32::from_le_bytes(*version) == ours { Ok(rest) } else { Err(Malformed) }
}

/// Passes a stored text to `sink`. If the stored bytes turn out broken, `sink` may have received part of the text.
pub(crate) fn replay(kept: &[u8], sink: &mut dyn Sink) -> Result<ReadOutcome, Malformed> {
    let mut rest = known(kept, transcript::VERSION)?;
    let mut units = Vec::new();
    unpack(block(&mut rest)?, &mut units)?;
    let ended = serde_json::from_slice(&units).map_err(|_| Malformed)?;
    let mut reader = transcript::TranscriptReader::default();
    while !rest.is_empty() {
        unpack(block(&mut rest)?, &mut units)?;
        reader.read(&units, sink)?;
    }
    Ok(ended)
}
