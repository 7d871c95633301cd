//! Counts per code: the one place that counts where codes were found and decides whether a code is found, absent or
//! unknown.

use crate::matching::{Match, Misread};

/// How far the files of a session were read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Coverage {
    /// Files of which nothing was read.
    pub failed: u64,
    /// Files that were read, but not every part.
    pub partly: u64,
}

/// The verdict of a finished session on a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeVerdict {
    Found,
    /// Every page of every file was read; neither the code was found nor a text that OCR may have misread.
    Absent,
    Unknown,
}

impl Coverage {
    pub fn add(&mut self, failed: bool, has_unread: bool) {
        self.failed += u64::from(failed);
        self.partly += u64::from(!failed && has_unread);
    }

    /// Returns whether every page of every file was read. Only then is a code that was not found absent.
    pub fn is_whole(self) -> bool {
        self.unread_files() == 0
    }

    pub fn unread_files(self) -> u64 {
        self.failed + self.partly
    }

    pub fn verdict(self, sum: Sum) -> CodeVerdict {
        match sum.files {
            0 if self.is_whole() && sum.misread == 0 => CodeVerdict::Absent,
            0 => CodeVerdict::Unknown,
            _ => CodeVerdict::Found,
        }
    }
}

/// The counts of one code.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    pub matches: u32,
    pub files: u32,
    /// Files in which OCR may have misread it.
    pub misread: u32,
    /// Number of the last file it was found in, from 1.
    last: u32,
}

/// The sums of all codes, by index.
#[derive(Debug, Clone)]
pub(crate) struct CodeSums {
    codes: Vec<Sum>,
    files: u32,
}

impl CodeSums {
    pub fn new(codes: usize) -> Self {
        Self { codes: vec![Sum::default(); codes], files: 0 }
    }

    /// Adds the next file. Calls `first` for each code at its first match in the file.
    pub fn add(&mut self, matches: &[Match], misread: &[Misread], mut first: impl FnMut(usize)) {
        self.files = self.files.saturating_add(1);
        for found in matches {
            let code = found.code as usize;
            let Some(sum) = self.codes.get_mut(code) else {
                continue;
            };
            sum.matches = sum.matches.saturating_add(1);
            if sum.last != self.files {
                sum.last = self.files;
                sum.files += 1;
                first(code);
            }
        }
        for misread in misread {
            if let Some(sum) = self.codes.get_mut(misread.code as usize) {
                sum.misread = sum.misread.saturating_add(1);
            }
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Sum> {
        self.codes.iter().copied()
    }
}
