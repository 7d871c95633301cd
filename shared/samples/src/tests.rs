//! Tests of the samples' guarantees: the same bytes for the same seed, and an exact key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{fs, io};

use crate::codes::{CodeBook, LOOK_ALIKES};
use crate::document::{self, PageBody, SampleDrawing, Wish};
use crate::{AnswerKey, SampleOptions, SamplesError, generate};

fn files(dir: &Path) -> io::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.insert(path.clone(), fs::read(&path)?);
        }
    }
    Ok(all)
}

fn relative(files: BTreeMap<PathBuf, Vec<u8>>, dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files.into_iter().map(|(path, bytes)| (path.strip_prefix(dir).unwrap().to_owned(), bytes)).collect()
}

fn made(options: &SampleOptions) -> (tempfile::TempDir, AnswerKey) {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), options).unwrap();
    let key = AnswerKey::read(dir.path()).unwrap();
    (dir, key)
}

/// The definition of whole-word matching in its simplest form: all hyphens are equal, white space around them and case
/// are ignored, and the characters before and after the code are neither letters nor digits.
fn plainly_found(lines: &[String], codes: &[String]) -> BTreeSet<u32> {
    let mut text: String = lines.join("\n").to_lowercase().replace(LOOK_ALIKES, "-");
    loop {
        let tight = text.replace(" -", "-").replace("- ", "-").replace("\n-", "-").replace("-\n", "-");
        if tight == text {
            break;
        }
        text = tight;
    }
    let whole = |at: usize, code: &str| {
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !word(text[..at].chars().next_back()) && !word(text[at + code.len()..].chars().next())
    };
    let found = |code: &&String| {
        let code = code.to_lowercase();
        text.match_indices(&code).any(|(at, _)| whole(at, &code))
    };
    (0..).zip(codes).filter(|(_, code)| found(code)).map(|(number, _)| number).collect()
}

/// Drawings for several tests; every ninth has a scan.
static DOCUMENTS: LazyLock<(CodeBook, Vec<SampleDrawing>)> = LazyLock::new(|| {
    let book = CodeBook::new(5, 300);
    let wish = |number: u32| Wish { one_page: false, scan: number.is_multiple_of(9) };
    let made = (0..250).map(|number| document::make(5, number, wish(number), &book)).collect();
    (book, made)
});

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let options = SampleOptions::new(170, 7);
    let (one, _) = made(&options);
    let (two, _) = made(&options);
    let (other, _) = made(&SampleOptions { seed: 8, ..options });
    let read = |dir: &tempfile::TempDir| relative(files(dir.path()).unwrap(), dir.path());
    let (one, two, other) = (read(&one), read(&two), read(&other));
    assert_eq!(one.len(), 172, "170 files, the codes and the key");
    assert!(one == two, "the same seed gave other bytes");
    let same = one.iter().filter(|(path, bytes)| other.get(*path) == Some(bytes)).count();
    assert_eq!(same, 0, "another seed gave the same file");
}

#[test]
fn a_page_is_known_to_hold_just_the_codes_that_its_text_holds() {
    let (book, documents) = &*DOCUMENTS;
    let mut pages = 0;
    for document in documents {
        for (number, page) in document.pages.iter().enumerate() {
            let found = plainly_found(&page.lines, book.targets());
            assert_eq!(
                page.target_codes,
                found,
                "{} page {number}:\n{}",
                document.name,
                page.lines.join("\n")
            );
            pages += 1;
        }
    }
    assert!(pages > 300, "only {pages} pages");
}

#[test]
fn sheets_hold_what_makes_codes_hard_to_find() {
    let (book, documents) = &*DOCUMENTS;
    let all: Vec<&String> = documents.iter().flat_map(|d| &d.pages).flat_map(|page| &page.lines).collect();
    let targets: BTreeSet<&String> = book.targets().iter().collect();
    let some = |what: &str, is: &dyn Fn(&str) -> bool| {
        let count = all.iter().filter(|line| is(line)).count();
        assert!(count >= 10, "{what}: {count} lines of {}", all.len());
    };
    some("a target", &|line| targets.contains(&line.to_owned()));
    some("a code broken at the end of a line", &|line| line.ends_with('-') && line.len() > 1);
    some("small letters", &|line| line.contains("hole-"));
    some("a target without its hyphen", &|line| targets.iter().any(|code| code.replacen('-', "", 1) == line));
    some("a target with an X before it", &|line| {
        line.strip_prefix('X').is_some_and(|rest| targets.contains(&rest.to_owned()))
    });
    for hyphen in LOOK_ALIKES {
        some("a look-alike", &|line| line.chars().any(char::is_numeric) && line.contains(hyphen));
    }
    let drawn = |body: &PageBody| matches!(body, PageBody::Drawn { .. });
    let scans = documents.iter().flat_map(|d| &d.pages).filter(|page| !drawn(&page.body)).count();
    assert_eq!(scans, 28, "every ninth page is a scan");
}

#[test]
fn the_key_and_the_files_agree() {
    let options = SampleOptions::new(600, 3);
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(dir.path(), &options).unwrap();
    let key = AnswerKey::read(dir.path()).unwrap();

    let there = relative(files(&summary.drawings).unwrap(), &summary.drawings);
    assert_eq!(there.len(), 600);
    assert_eq!(summary.bytes, there.values().map(|bytes| u64::try_from(bytes.len()).unwrap()).sum::<u64>());
    for answer in &key.matches {
        assert!(there.contains_key(Path::new(&answer.file)), "{} does not exist", answer.file);
        let pdf = Path::new(&answer.file).extension().is_some_and(|end| end == "pdf");
        assert_eq!(pdf, !answer.pages.is_empty(), "{}", answer.file);
        assert!(answer.pages.is_sorted(), "{answer:?}");
    }
    let pairs: BTreeSet<(&str, &str)> = key.matches.iter().map(|a| (&*a.file, &*a.code)).collect();
    assert_eq!(pairs.len(), key.matches.len(), "a pair occurs twice");
    assert_eq!(summary.matches, u64::try_from(pairs.len()).unwrap());
    assert_eq!(key.image_pages.len(), 24);
    let ends = |end: &str| there.keys().filter(|path| path.extension().is_some_and(|e| e == end)).count();
    assert_eq!((ends("xlsx"), ends("csv"), ends("txt")), (4, 4, 4));
}

#[test]
fn some_codes_are_absent_and_no_absent_code_is_anywhere() {
    let (_dir, key) = made(&SampleOptions::new(400, 11));
    assert_eq!(key.codes.len(), 400);
    assert!(key.absent.len() >= 48, "{} absent", key.absent.len());
    assert!(key.absent.len() < 200, "{} absent", key.absent.len());
    let absent: BTreeSet<&String> = key.absent.iter().collect();
    assert!(key.matches.iter().all(|answer| !absent.contains(&answer.code)));
    assert!(key.image_pages.iter().flat_map(|page| &page.codes).all(|code| !absent.contains(code)));
}

#[test]
fn one_page_files_have_one_page() {
    let dir = tempfile::tempdir().unwrap();
    let summary =
        generate(dir.path(), &SampleOptions { one_page: true, ..SampleOptions::new(120, 1) }).unwrap();
    assert_eq!((summary.files, summary.pages), (120, 120));
    let there = files(&summary.drawings).unwrap();
    assert!(there.keys().all(|path| path.extension().is_some_and(|e| e == "pdf")));
}

#[test]
fn a_folder_with_drawings_is_left_alone() {
    let options = SampleOptions::new(2, 1);
    let (dir, _) = made(&options);
    let before = files(dir.path()).unwrap();
    assert!(matches!(generate(dir.path(), &options), Err(SamplesError::Exists(_))));
    assert_eq!(files(dir.path()).unwrap(), before);
}

#[test]
fn drawings_are_pdf_files_whose_table_points_at_their_objects() {
    for document in &DOCUMENTS.1 {
        let bytes = &document.bytes;
        assert!(bytes.starts_with(b"%PDF-1."), "{}", document.name);
        let tail = String::from_utf8_lossy(&bytes[bytes.len() - 40..]).into_owned();
        let at = tail.split("startxref\n").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        let table = &bytes[at.parse::<usize>().unwrap()..];
        let stream = bytes.starts_with(b"%PDF-1.5");
        assert_eq!(table.starts_with(b"xref"), !stream, "{}", document.name);
    }
}
