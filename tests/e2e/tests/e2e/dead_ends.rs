//! Unreadable files and commands that cannot run: the exit code and the message for a person.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use tempfile::TempDir;

use crate::process::{ProcessExit, run};
use crate::report::OpenedReport;
use crate::samples::text;
use crate::scan_record::ScanRecord;

/// Runs `riffle scan` with its own state.
fn scan(dir: &Path, more: &[&str]) -> ProcessExit {
    let state = tempfile::tempdir().expect("a folder");
    let mut arguments = vec!["scan", text(dir), "--state", text(state.path())];
    arguments.extend(more);
    run(arguments)
}

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        fs::write(dir.path().join(name), content).expect("a file");
    }
    dir
}

#[test]
fn files_that_cannot_be_read_are_named_and_do_not_keep_others_from_it() {
    let binary: Vec<u8> = (0..=255).cycle().take(2_000).collect();
    let damaged = [&b"%PDF-1.7\n"[..], &b"no objects at all ".repeat(50)].concat();
    let dir = folder(&[
        ("good.txt", b"HOLE-1 is here\n"),
        ("damaged.pdf", &damaged),
        ("unknown.bin", &binary),
        ("empty.csv", b""),
        ("locked.txt", b"HOLE-1\n"),
    ]);
    symlink("nowhere", dir.path().join("dangling.pdf")).expect("a link");
    symlink("circle", dir.path().join("circle")).expect("a link");
    let locked = dir.path().join("locked.txt");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).expect("permissions");
    let mut unread = vec!["circle", "damaged.pdf", "dangling.pdf", "empty.csv", "unknown.bin"];
    // Root can read it nevertheless.
    if fs::read(&locked).is_err() {
        unread.insert(4, "locked.txt");
    }

    let out = tempfile::tempdir().expect("a folder");
    let place = out.path().join("report.xlsx");
    let ended = scan(dir.path(), &["--codes", "HOLE-1,HOLE-2", "--json", "--report", text(&place)]);
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    let record = ScanRecord::read(&ended.out);
    let reasons: BTreeMap<&str, &str> =
        record.failed().map(|failure| (&*failure.file_name, &*failure.reason)).collect();
    assert_eq!(reasons.keys().copied().collect::<Vec<_>>(), unread);
    assert!(reasons["damaged.pdf"].starts_with("damaged"), "{reasons:?}");
    assert!(reasons["unknown.bin"].contains("not supported"), "{reasons:?}");
    assert!(record.found().any(|found| found.file_name == "good.txt"));

    let mut report = OpenedReport::open(&place);
    let files = report.table("Files");
    let states = files.pairs("File", "State");
    let remarks: BTreeMap<String, String> = files.pairs("File", "Remark").into_iter().collect();
    for (name, why) in &reasons {
        assert!(states.contains(&((*name).to_owned(), "Failed".to_owned())), "{states:?}");
        assert_eq!(remarks[*name], *why);
    }
    assert_eq!(report.table("Unread").len(), unread.len());
    let codes = report.table("Codes").pairs("Code", "Result");
    assert_eq!(codes[1], ("HOLE-2".to_owned(), "Unknown".to_owned()), "an unread file may contain it");

    let piped = scan(dir.path(), &["--codes", "HOLE-1"]);
    assert_eq!(piped.code, Some(1));
    for name in unread {
        assert!(piped.err.lines().any(|line| line.starts_with(&format!("{name}: "))), "{}", piped.err);
    }
}

#[test]
fn an_empty_folder_is_finished_at_once() {
    let (dir, out) = (folder(&[]), tempfile::tempdir().expect("a folder"));
    let place = out.path().join("report.xlsx");
    let ended = scan(dir.path(), &["--codes", "A-1", "--json", "--report", text(&place)]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let record = ScanRecord::read(&ended.out);
    record.assert_begins();
    assert_eq!((record.summary.total, record.summary.matches), (0, 0));
    assert_eq!(OpenedReport::open(&place).table("Files").len(), 0);
}

#[test]
fn links_between_folders_make_no_loop_and_no_file_is_read_twice() {
    let dir = folder(&[("a.txt", b"HOLE-1\n")]);
    let below = dir.path().join("below/deeper");
    fs::create_dir_all(&below).expect("folders");
    fs::write(below.join("b.txt"), "HOLE-1\n").expect("a file");
    symlink("../..", below.join("up")).expect("a link");
    symlink("below", dir.path().join("again")).expect("a link");
    let ended = scan(dir.path(), &["--codes", "HOLE-1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let mut files: Vec<&str> = ended.out.iter().filter_map(|line| line.split('\t').next()).collect();
    files.sort_unstable();
    assert_eq!(files, ["a.txt", "below/deeper/b.txt"]);
}

#[test]
fn entries_that_are_not_codes_and_folders_without_files_are_named() {
    let dir = folder(&[("codes.txt", b"A-1\n??\n--\n")]);
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    let ended = scan(&empty, &["--codes", text(&dir.path().join("codes.txt"))]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let left_out = "2 entries have neither letter nor digit and cannot be searched for: ??, --";
    assert!(ended.err.contains(left_out) && ended.err.contains("no files were found"), "{}", ended.err);
}

#[test]
fn what_cannot_be_run_says_why_before_it_begins() {
    let dir = folder(&[("a.txt", b"HOLE-1\n"), ("no-codes.txt", b"\n\n")]);
    let at = |name: &str| dir.path().join(name);
    let missing = at("missing");
    assert!(scan(&missing, &["--codes", "A-1"]).refusal().contains(text(&missing)));
    assert!(scan(&at("a.txt"), &["--codes", "A-1"]).refusal().contains("not a folder"));
    let codes_of = |codes: &str| scan(dir.path(), &["--codes", codes]).refusal().to_owned();
    assert!(codes_of("misspelt.xlsx").contains("misspelt.xlsx"));
    assert!(codes_of(text(&missing)).contains(text(&missing)));
    assert!(codes_of("").contains("no codes"));
    assert!(codes_of(" , ,").contains("no codes"));
    let empty = at("no-codes.txt");
    assert!(codes_of(text(&empty)).contains("no codes"));
    assert!(codes_of(text(dir.path())).contains("it is a folder; give a file"));
    assert!(codes_of(&"A-1".repeat(100)).contains("more than 256 characters"));

    let report_at =
        |place: &Path| scan(dir.path(), &["--codes", "A-1", "--report", text(place)]).refusal().to_owned();
    assert!(report_at(&missing.join("report.xlsx")).contains("folder does not exist"));
    assert!(report_at(dir.path()).contains("it is a folder"));
    assert_eq!(run(["scan", text(dir.path())]).code, Some(2), "codes are needed");

    let state = at("a.txt");
    let ended = run(["scan", text(dir.path()), "--codes", "A-1", "--state", text(&state)]);
    assert!(ended.refusal().contains(text(&state)));
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_files_are_read() {
    let dir = folder(&[("a.txt", b"HOLE-1\n")]);
    // No user can create files there, not even root.
    let ended = scan(dir.path(), &["--codes", "HOLE-1", "--report", "/proc/report.xlsx"]);
    assert!(ended.refusal().contains("/proc/report.xlsx"));
}
