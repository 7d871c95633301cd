//! Sample drawings: a folder of engineering drawing sheets, a workbook of hole codes to find in them, and the key that
//! lists where each code is.
//!
//! The sheets look like those of a drawing office, and contain everything that makes finding codes hard: codes in
//! several pieces, turned by 90°, broken across lines, with other hyphens, in small letters, in fonts whose bytes have
//! no standard meaning, and near misses of target codes. Some pages are scans.
//!
//! The seed determines everything: the same options give the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

mod border;
mod canvas;
mod codes;
mod document;
mod faces;
mod folder;
mod hostile;
mod key;
mod lettering;
pub mod pack;
mod part;
mod pdf;
mod pen;
mod raster;
mod registers;
mod rng;
mod sheet;
mod style;
mod tables;
#[cfg(test)]
mod tests;
mod truetype;
mod view;

pub use hostile::{CODE, Expect, Hostile, HostileContent, hostile, write_hostile};
pub use key::{AnswerKey, ExpectedMatch, ImagePage};

/// Name of the folder of drawings in the samples' folder. This is the folder to scan.
pub const DRAWINGS: &str = "drawings";
/// Name of the workbook of codes.
pub const CODES: &str = "codes.xlsx";
/// Name of the answer key. It is written last, so if it exists the samples are complete.
pub const KEY: &str = "answers.json";

/// The samples to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleOptions {
    /// Number of files.
    pub count: u32,
    pub seed: u64,
    /// Every file is a PDF of one page; for measurements. Otherwise files have up to six pages, and every fiftieth file
    /// is a register (xlsx, csv, txt).
    pub one_page: bool,
}

impl SampleOptions {
    /// Options for `count` files of the usual mix.
    pub fn new(count: u32, seed: u64) -> Self {
        Self { count, seed, one_page: false }
    }

    /// Returns the number of target codes: as many as files, but at least 40 and at most 1,000.
    fn codes(&self) -> usize {
        self.count.clamp(40, 1_000) as usize
    }
}

/// The samples that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleSummary {
    pub files: u32,
    /// Pages of all PDFs.
    pub pages: u64,
    /// Pages that are an image without text.
    pub image_pages: u64,
    /// Pairs of a file and a code that appears in it as text.
    pub matches: u64,
    /// Total size of the files in bytes.
    pub bytes: u64,
    /// The folder to scan.
    pub drawings: PathBuf,
    /// The workbook of codes.
    pub codes: PathBuf,
    /// The answer key.
    pub key: PathBuf,
}

/// Why no samples were made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SamplesError {
    #[error("{0} exists already; delete it or choose another folder")]
    Exists(PathBuf),
    #[error("cannot write {path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot make a workbook: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("{path} is not an answer key: {source}")]
    Key { path: PathBuf, source: serde_json::Error },
}

/// Makes samples in `dir`: [`DRAWINGS`], [`CODES`] and [`KEY`]. Uses all cores; makes about two thousand files per
/// second and core.
///
/// # Errors
/// [`SamplesError::Exists`] if `dir` already has drawings: with files of another run among them the key would be wrong.
/// Otherwise the error of the file system.
pub fn generate(dir: &Path, options: &SampleOptions) -> Result<SampleSummary, SamplesError> {
    let drawings = dir.join(DRAWINGS);
    if drawings.exists() {
        return Err(SamplesError::Exists(drawings));
    }
    fs::create_dir_all(&drawings).map_err(|source| SamplesError::Io { path: drawings.clone(), source })?;
    let book = codes::CodeBook::new(options.seed, options.codes());
    let (workbook, key_path) = (dir.join(CODES), dir.join(KEY));
    registers::write_codes(&workbook, &book, options.seed)?;
    let made = folder::fill(&drawings, options, &book)?;

    let mut key = AnswerKey {
        seed: options.seed,
        files: options.count,
        codes: book.targets().to_vec(),
        absent: Vec::new(),
        matches: Vec::new(),
        image_pages: Vec::new(),
    };
    let (mut pages, mut bytes) = (0, 0);
    for file in made {
        pages += file.pages;
        bytes += file.bytes;
        file.answer(&book, &mut key);
    }
    key.finish();
    key.write(&key_path)?;
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    Ok(SampleSummary {
        files: options.count,
        pages,
        image_pages: count(key.image_pages.len()),
        matches: count(key.matches.len()),
        bytes,
        drawings,
        codes: workbook,
        key: key_path,
    })
}
