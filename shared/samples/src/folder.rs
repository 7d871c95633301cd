//! Writes the files into folders, on all cores.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use crate::codes::CodeBook;
use crate::document::{self, PageBody, SampleDrawing, Wish};
use crate::registers::{self, Register};
use crate::{AnswerKey, ExpectedMatch, ImagePage, SampleOptions, SamplesError};

/// The number of files per folder.
const FOLDER: u32 = 500;
/// Every fiftieth file is a register, starting with this one.
const REGISTER: (u32, u32) = (50, 12);
/// Every twenty-fifth file has a scan, starting with this one, so that a small set of samples has one too.
const SCAN: (u32, u32) = (25, 7);
/// The maximum number of threads. More would only wait for the disk.
const THREADS: usize = 16;

/// A file that was made, without its content.
#[derive(Debug)]
pub(crate) struct CreatedFile {
    name: String,
    pub(crate) pages: u64,
    pub(crate) bytes: u64,
    /// Target codes that appear as text, with their pages.
    text: BTreeMap<u32, Vec<u32>>,
    images: Vec<(u32, BTreeSet<u32>)>,
}

impl CreatedFile {
    /// Adds the codes of the file to the answer key.
    pub(crate) fn answer(self, codes: &CodeBook, key: &mut AnswerKey) {
        let code = |target: u32| codes.targets()[target as usize].clone();
        for (target, pages) in self.text {
            key.matches.push(ExpectedMatch { file: self.name.clone(), code: code(target), pages });
        }
        for (page, targets) in self.images {
            let codes = targets.into_iter().map(code).collect();
            key.image_pages.push(ImagePage { file: self.name.clone(), page, codes });
        }
    }
}

/// The content of a file.
enum SampleContent {
    Drawing(SampleDrawing),
    Register(Register),
}

/// Makes every file of `options` in `dir`, which must exist, and returns them in order.
///
/// # Errors
/// The first file that could not be written.
pub(crate) fn fill(
    dir: &Path,
    options: &SampleOptions,
    codes: &CodeBook,
) -> Result<Vec<CreatedFile>, SamplesError> {
    for folder in 0..options.count.div_ceil(FOLDER) {
        let path = dir.join(folder_name(folder));
        fs::create_dir(&path).map_err(|source| SamplesError::Io { path, source })?;
    }
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let next = AtomicU32::new(0);
    // After an error no thread begins another file.
    let work = || -> Result<Vec<(u32, CreatedFile)>, SamplesError> {
        let mut made = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= options.count {
                return Ok(made);
            }
            match write(dir, options, number, codes) {
                Ok(file) => made.push((number, file)),
                Err(error) => {
                    next.store(options.count, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let mut all = Vec::with_capacity(options.count as usize);
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in running {
            match thread.join() {
                Ok(made) => all.extend(made?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<(), SamplesError>(())
    })?;
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, made)| made).collect())
}

fn folder_name(folder: u32) -> String {
    format!("assembly-{:03}", folder + 1)
}

fn write(
    dir: &Path,
    options: &SampleOptions,
    number: u32,
    codes: &CodeBook,
) -> Result<CreatedFile, SamplesError> {
    let content = content(options, number, codes)?;
    let folder = folder_name(number / FOLDER);
    let (name, bytes) = match &content {
        SampleContent::Drawing(document) => (&document.name, &document.bytes),
        SampleContent::Register(register) => (&register.name, &register.bytes),
    };
    let path = dir.join(&folder).join(name);
    fs::write(&path, bytes).map_err(|source| SamplesError::Io { path, source })?;
    let mut made = CreatedFile {
        name: format!("{folder}/{name}"),
        pages: 0,
        bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        text: BTreeMap::new(),
        images: Vec::new(),
    };
    match content {
        SampleContent::Register(register) => {
            made.text = register.target_codes.into_iter().map(|code| (code, Vec::new())).collect();
        }
        SampleContent::Drawing(document) => {
            for (page, number) in document.pages.into_iter().zip(1_u32..) {
                made.pages += 1;
                match page.body {
                    PageBody::Scanned(_) => made.images.push((number, page.target_codes)),
                    PageBody::Drawn { .. } => {
                        for code in page.target_codes {
                            made.text.entry(code).or_default().push(number);
                        }
                    }
                }
            }
        }
    }
    Ok(made)
}

fn content(options: &SampleOptions, number: u32, codes: &CodeBook) -> Result<SampleContent, SamplesError> {
    let (every, first) = REGISTER;
    if !options.one_page && number % every == first {
        return Ok(SampleContent::Register(registers::make(options.seed, number, number / every, codes)?));
    }
    let (every, first) = SCAN;
    let wish = Wish { one_page: options.one_page, scan: number % every == first };
    Ok(SampleContent::Drawing(document::make(options.seed, number, wish, codes)))
}
