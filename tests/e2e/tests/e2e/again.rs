//! A second scan of the same files, and pictures of text.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::process::{Process, ProcessExit, riffle, run};
use crate::report::OpenedReport;
use crate::samples::text;

fn scan(dir: &Path, state: &Path, code: &str, more: &[&str]) -> ProcessExit {
    run([&["scan", text(dir), "--codes", code, "--state", text(state)], more].concat())
}

/// Writes a file with a modification time far in the past.
fn write_old(path: &Path, content: &str) {
    fs::write(path, content).expect("written");
    let file = File::options().write(true).open(path).expect("there");
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    file.set_modified(then).expect("a time");
}

#[test]
fn what_did_not_change_is_not_read_again_and_what_did_is() {
    let out = tempfile::tempdir().expect("a folder");
    let (dir, state) = (out.path().join("files"), out.path().join("state"));
    fs::create_dir(&dir).expect("a folder");
    write_old(&dir.join("kept.txt"), "HOLE-1 and HOLE-2");
    write_old(&dir.join("changed.txt"), "HOLE-1 and HOLE-2");
    assert_eq!(scan(&dir, &state, "HOLE-1", &[]).out.len(), 2);

    // By path, size and time the first file is unchanged, although its content differs.
    write_old(&dir.join("kept.txt"), "HOLE-3 and HOLE-4");
    fs::write(dir.join("changed.txt"), "HOLE-3 and HOLE-4").expect("written");
    let names = |ended: &ProcessExit| -> Vec<String> {
        ended.out.iter().filter_map(|line| line.split('\t').next().map(str::to_owned)).collect()
    };
    assert_eq!(names(&scan(&dir, &state, "HOLE-2", &[])), ["kept.txt"]);
    assert_eq!(names(&scan(&dir, &state, "HOLE-3", &[])), ["changed.txt"]);
    let mut anew = names(&scan(&dir, &state, "HOLE-3", &["--no-cache"]));
    anew.sort_unstable();
    assert_eq!(anew, ["changed.txt", "kept.txt"]);
}

#[test]
fn places_and_counts_are_the_same_the_second_time() {
    let out = tempfile::tempdir().expect("a folder");
    let made = run(["samples", text(out.path()), "--count", "40", "--seed", "3"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let (dir, state) = (out.path().join("drawings"), out.path().join("state"));
    let codes = out.path().join("codes.xlsx");
    let lines = || {
        let mut ended = scan(&dir, &state, text(&codes), &[]);
        ended.out.sort_unstable();
        ended.out
    };
    let first = lines();
    assert!(!first.is_empty());
    assert_eq!(lines(), first);
}

/// Makes a drawing with a scanned page, alone in a folder; returns the folder and the codes on that page.
fn scanned(out: &Path) -> (PathBuf, String, Vec<String>) {
    let made = run(["samples", text(out), "--count", "60", "--seed", "1"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let key = fs::read_to_string(out.join("answers.json")).expect("the answer key");
    let key: serde_json::Value = serde_json::from_str(&key).expect("JSON");
    let page = &key["image_pages"][0];
    let codes = page["codes"].as_array().expect("codes of a scanned page");
    let codes = codes.iter().map(|code| code.as_str().expect("a code").to_owned()).collect();
    let dir = out.join("scanned");
    fs::create_dir(&dir).expect("a folder");
    let file = page["file"].as_str().expect("a file");
    fs::copy(out.join("drawings").join(file), dir.join("scan.pdf")).expect("a copy");
    (dir, page["page"].to_string(), codes)
}

#[test]
fn a_scanned_page_is_read_with_ocr() {
    let out = tempfile::tempdir().expect("a folder");
    let (dir, page, codes) = scanned(out.path());
    let state = out.path().join("state");
    let on_page = |ended: &ProcessExit| {
        let found = ended.out.iter().filter_map(|line| {
            let mut columns = line.split('\t').skip(1);
            (columns.next() == Some(&page)).then(|| columns.next().map(str::to_owned)).flatten()
        });
        found.collect::<BTreeSet<String>>()
    };
    let list = codes.join(",");
    let off = scan(&dir, &state, &list, &[]);
    assert_eq!((off.code, on_page(&off).len()), (Some(0), 0), "{}", off.err);
    let on = scan(&dir, &state, &list, &["--ocr", "auto"]);
    assert!(!on.err.contains("without OCR"), "install tesseract-ocr for this test: {}", on.err);
    assert!(on_page(&on).len() * 2 >= codes.len(), "{codes:?}, found {:?} {}", on.out, on.err);
    let again = scan(&dir, &state, &list, &["--ocr", "auto"]);
    assert_eq!(on_page(&again), on_page(&on));

    // A code is not reported as absent if the scan shows text that looks like it.
    let (read, meant) =
        on_page(&on).iter().find_map(|code| look_alike(code)).expect("a code with a digit like a letter");
    let place = out.path().join("report.xlsx");
    let doubtful = scan(&dir, &state, &meant, &["--ocr", "auto", "--report", text(&place)]);
    assert_eq!((doubtful.code, doubtful.out.len()), (Some(0), 0), "{:?} {}", doubtful.out, doubtful.err);
    let codes = OpenedReport::open(&place).table("Codes");
    assert_eq!(codes.pairs("Code", "Result"), [(meant, "Unknown".to_owned())]);
    let why = codes.texts("Found in").concat();
    assert!(why.contains(&format!("OCR may have misread it: “{read}” in scan.pdf, page {page}")), "{why}");
}

/// Returns a code, and another code that OCR may take for it.
fn look_alike(code: &str) -> Option<(String, String)> {
    let (at, digit) = code.char_indices().rfind(|(_, c)| "0125".contains(*c))?;
    let letter = ["O", "I", "Z", "", "", "S"][digit.to_digit(10)? as usize];
    Some((code.to_owned(), format!("{}{letter}{}", &code[..at], &code[at + 1..])))
}

#[test]
fn where_tesseract_is_not_installed_that_is_said_and_the_rest_is_read() {
    let out = tempfile::tempdir().expect("a folder");
    let (dir, _, codes) = scanned(out.path());
    fs::write(dir.join("a.txt"), &codes[0]).expect("written");
    let state = out.path().join("state");
    let arguments = ["scan", text(&dir), "--codes", &codes[0], "--state", text(&state), "--ocr", "auto"];
    let ended = Process::start(riffle(arguments).env("PATH", "/nonexistent")).ended();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("Tesseract is not installed"), "{}", ended.err);
    assert!(ended.out.iter().any(|line| line.starts_with("a.txt\t")), "{:?}", ended.out);
}
