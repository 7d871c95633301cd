//! File names that would break a line, a column, a cell or a terminal.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use calamine::Data;

use crate::process::run;
use crate::report::OpenedReport;
use crate::samples::text;

const NAMES: [&[u8]; 10] = [
    b"=cmd|' /C calc'!A0.txt",
    b"+1.txt",
    b"-x.txt",
    b"@sum.txt",
    b"two\nlines.txt",
    b"a\ttab.txt",
    b"\x1b[31mred.txt",
    // Right-to-left override: the end of the name is displayed backwards and resembles an executable's name.
    b"safe\xe2\x80\xaetxt.exe\xe2\x80\xac.txt",
    b"not\xff\xfeutf8.txt",
    b"e\xcc\x81.txt",
];

#[test]
fn strange_names_are_scanned_and_stay_one_line_and_one_text_cell() {
    let (dir, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let long = [vec![b'L'; 251], b".txt".to_vec()].concat();
    let names: Vec<&[u8]> = NAMES.into_iter().chain([&*long]).collect();
    for name in &names {
        let path = dir.path().join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "see HOLE-1 there\n").expect("a file");
    }
    let place = out.path().join("report.xlsx");
    let state = out.path().join("state");
    let ended = run([
        "scan",
        text(dir.path()),
        "--codes",
        "HOLE-1",
        "--state",
        text(&state),
        "--report",
        text(&place),
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert_eq!(ended.out.len(), names.len(), "{:#?}", ended.out);
    for line in &ended.out {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns[1..], ["line 1", "HOLE-1", "see HOLE-1 there"], "{line:?}");
        assert!(!columns[0].contains(char::is_control), "{line:?}");
    }
    assert!(ended.out.iter().any(|line| line.starts_with("two lines.txt\t")));
    assert!(ended.out.iter().any(|line| line.starts_with(&format!("{}.txt\t", "L".repeat(251)))));

    let mut report = OpenedReport::open(&place);
    let files = report.table("Files");
    for cell in files.cells("File") {
        assert!(matches!(cell, Data::String(_)), "{cell:?}");
    }
    let shown = files.texts("File");
    assert_eq!(shown.len(), names.len());
    assert!(shown.iter().any(|name| name == "=cmd|' /C calc'!A0.txt"), "{shown:?}");
    assert_eq!(report.table("Matches").len(), names.len());
}

#[test]
fn hidden_files_and_lock_files_are_left_out() {
    let dir = tempfile::tempdir().expect("a folder");
    for name in [".hidden.txt", "~$open.txt", "seen.txt", ".git/x.txt"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "HOLE-1\n").expect("a file");
    }
    let state = tempfile::tempdir().expect("a folder");
    let ended = run(["scan", text(dir.path()), "--codes", "HOLE-1", "--state", text(state.path())]);
    assert_eq!(ended.out, ["seen.txt\tline 1\tHOLE-1\tHOLE-1"]);
}

#[test]
fn files_of_two_folders_can_be_told_apart_in_the_report() {
    let out = tempfile::tempdir().expect("a folder");
    for folder in ["north", "south"] {
        fs::create_dir(out.path().join(folder)).expect("a folder");
        fs::write(out.path().join(folder).join("plan.txt"), "HOLE-1\n").expect("a file");
    }
    let at = |name: &str| text(&out.path().join(name)).to_owned();
    let ended = run([
        "scan",
        &at("north"),
        &at("south"),
        "--codes",
        "HOLE-1",
        "--state",
        &at("state"),
        "--report",
        &at("report.xlsx"),
    ]);
    assert_eq!((ended.code, ended.out.len()), (Some(0), 2), "{}", ended.err);
    let files = OpenedReport::open(&out.path().join("report.xlsx")).table("Files");
    let mut shown = files.pairs("File", "Folder");
    shown.dedup();
    assert_eq!(shown.len(), 2, "two folders have a file of one name: {shown:?}");
}
