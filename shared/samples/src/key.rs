//! The answer key: the matches that a perfect reader finds in the samples.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::SamplesError;

/// The files in which each target code appears. Files are named by their path under [`crate::DRAWINGS`], with `/` as
/// separator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerKey {
    /// The seed that the samples were made from.
    pub seed: u64,
    /// The number of files.
    pub files: u32,
    /// All target codes, in the order of the codes workbook.
    pub codes: Vec<String>,
    /// Target codes that appear nowhere, neither as text nor in an image.
    pub absent: Vec<String>,
    /// Codes that appear as text: one entry per file and code, in the order of files.
    pub matches: Vec<ExpectedMatch>,
    /// Pages that are an image without text, with or without target codes.
    pub image_pages: Vec<ImagePage>,
}

/// One code in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedMatch {
    pub file: String,
    pub code: String,
    /// Pages of a PDF counted from 1; empty for other files.
    pub pages: Vec<u32>,
}

/// A page that only OCR can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePage {
    pub file: String,
    /// Counted from 1.
    pub page: u32,
    /// Target codes that a person can read on the page.
    pub codes: Vec<String>,
}

impl AnswerKey {
    /// Reads the key of the samples in `dir`.
    ///
    /// # Errors
    /// If the key does not exist or cannot be parsed.
    pub fn read(dir: &Path) -> Result<Self, SamplesError> {
        let path = dir.join(crate::KEY);
        let file = File::open(&path).map_err(|source| SamplesError::Io { path: path.clone(), source })?;
        serde_json::from_reader(BufReader::new(file)).map_err(|source| SamplesError::Key { path, source })
    }

    /// Computes the absent codes.
    pub(crate) fn finish(&mut self) {
        let matched = self.matches.iter().map(|answer| &answer.code);
        let pictured = self.image_pages.iter().flat_map(|page| &page.codes);
        let present: BTreeSet<&String> = matched.chain(pictured).collect();
        self.absent = self.codes.iter().filter(|code| !present.contains(code)).cloned().collect();
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), SamplesError> {
        let failed = |source| SamplesError::Io { path: path.to_owned(), source };
        let mut to = BufWriter::new(File::create(path).map_err(failed)?);
        serde_json::to_writer(&mut to, self)
            .map_err(|source| SamplesError::Key { path: path.to_owned(), source })?;
        to.write_all(b"\n").map_err(failed)?;
        to.flush().map_err(failed)
    }
}
