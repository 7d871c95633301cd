//! `riffle scan --retry`: failed files are read again once they are mended, and the other results are kept.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use riffle_contracts::FrameBody;
use serde_json::json;
use tempfile::TempDir;

use crate::process::{Process, ProcessExit, riffle, run};
use crate::report::OpenedReport;
use crate::samples::{Samples, text};
use crate::scan_record::ScanRecord;
use crate::server::Server;
use crate::socket::Socket;

/// A folder of files, and a state next to it.
struct Workspace(TempDir);

impl Workspace {
    fn new(files: &[(&str, &str)]) -> Self {
        let workspace = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(workspace.at("files")).expect("a folder");
        for (name, content) in files {
            workspace.write(name, content);
        }
        workspace
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.at("files").join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.file(name), content).expect("a file");
    }

    fn scan(&self, state: &str, more: &[&str]) -> ProcessExit {
        let (files, state) = (self.at("files"), self.at(state));
        let fixed = ["scan", text(&files), "--codes", "HOLE-1,HOLE-2", "--state", text(&state)];
        run(fixed.iter().chain(more))
    }

    fn retry(&self, session: &str, more: &[&str]) -> ProcessExit {
        let state = self.at("state");
        run(["scan", "--retry", session, "--state", text(&state)].iter().chain(more))
    }
}

fn failed(record: &ScanRecord) -> Vec<&str> {
    let mut failed: Vec<&str> = record.failed().map(|failure| &*failure.file_name).collect();
    failed.sort_unstable();
    failed
}

/// Returns the files, matches and codes of a report, without links and times.
fn content(report: &Path) -> [Vec<(String, String)>; 3] {
    let mut report = OpenedReport::open(report);
    let columns =
        [("Files", "File", "State"), ("Matches", "File", "Text around it"), ("Codes", "Code", "Result")];
    columns.map(|(sheet, one, other)| report.table(sheet).pairs(one, other))
}

#[test]
fn after_the_files_are_mended_a_retry_is_what_a_fresh_scan_would_be() {
    let workspace = Workspace::new(&[
        ("good.txt", "HOLE-1 is here\n"),
        ("damaged.pdf", "%PDF-1.7\nnothing"),
        ("empty.csv", ""),
    ]);
    symlink("nowhere", workspace.file("dangling.txt")).expect("a link");
    let first = workspace.scan("state", &["--json"]);
    assert_eq!(first.code, Some(1), "{}", first.err);
    let first = ScanRecord::read(&first.out);
    assert_eq!(failed(&first), ["damaged.pdf", "dangling.txt", "empty.csv"]);

    workspace.write("damaged.pdf", "HOLE-2 in what is text by now\n");
    workspace.write("empty.csv", "code,x\nHOLE-1,1\n");
    fs::write(workspace.at("elsewhere.txt"), "HOLE-2 and HOLE-1\n").expect("a file");
    fs::remove_file(workspace.file("dangling.txt")).expect("removed");
    symlink(workspace.at("elsewhere.txt"), workspace.file("dangling.txt")).expect("a link");
    let (place, other) = (workspace.at("retry.xlsx"), workspace.at("fresh.xlsx"));
    let beginning = &first.summary.session_id[..8];
    let retry = workspace.retry(beginning, &["--json", "--report", text(&place)]);
    assert_eq!(retry.code, Some(0), "{}", retry.err);
    assert!(
        retry.err.contains(&first.summary.session_id),
        "riffle names the scan that it continues: {}",
        retry.err
    );
    let retry = ScanRecord::read(&retry.out);
    retry.assert_begins();
    assert_ne!(retry.summary.session_id, first.summary.session_id);
    assert_eq!((retry.summary.total, retry.summary.failed, retry.summary.matches), (4, 0, 5));

    let fresh = workspace.scan("fresh", &["--report", text(&other)]);
    assert_eq!(fresh.code, Some(0), "{}", fresh.err);
    assert_eq!(content(&place), content(&other));
    let old = workspace.retry(&first.summary.session_id, &["--json"]);
    assert_eq!(ScanRecord::read(&old.out).summary.matches, 5, "an old session can be retried again");
}

#[test]
fn what_was_read_is_kept_and_what_is_gone_stays_failed() {
    let workspace =
        Workspace::new(&[("edited.txt", "HOLE-1\n"), ("gone.csv", ""), ("removed.txt", "HOLE-2\n")]);
    let first = workspace.scan("state", &[]);
    assert_eq!(first.code, Some(1), "{}", first.err);
    let again = first.err.lines().find_map(|line| line.split_once("--retry ")).expect("says how to retry").1;
    workspace.write("edited.txt", "nothing any more\n");
    fs::remove_file(workspace.file("removed.txt")).expect("removed");
    fs::remove_file(workspace.file("gone.csv")).expect("removed");
    let place = workspace.at("report.xlsx");
    let retry = workspace.retry(again, &["--report", text(&place)]);
    assert_eq!(retry.code, Some(1), "{}", retry.err);
    assert!(retry.err.contains("Reading 1 of 3 files again"), "{}", retry.err);
    assert!(retry.err.contains("gone.csv: the file no longer exists"), "{}", retry.err);
    let mut lines = retry.out;
    lines.sort_unstable();
    assert_eq!(lines, ["edited.txt\tline 1\tHOLE-1\tHOLE-1", "removed.txt\tline 1\tHOLE-2\tHOLE-2"]);
    assert_eq!(OpenedReport::open(&place).table("Files").len(), 3);
}

#[test]
fn where_nothing_failed_there_is_nothing_to_read_again_and_a_report_all_the_same() {
    let workspace = Workspace::new(&[("a.txt", "HOLE-1\n"), ("b.txt", "HOLE-2\n")]);
    let first = workspace.scan("state", &[]);
    let last = first.err.lines().last().expect("a last word");
    assert!(last.contains("; session "), "{last}");
    let place = workspace.at("report.xlsx");
    let retry = workspace.retry("last", &["--report", text(&place)]);
    assert_eq!(retry.code, Some(0), "{}", retry.err);
    assert!(retry.err.contains("Nothing to read again"), "{}", retry.err);
    assert_eq!((retry.out.len(), OpenedReport::open(&place).table("Matches").len()), (2, 2));

    let state = workspace.at("state");
    let listed = run(["sessions", "--state", text(&state)]);
    let lines: Vec<Vec<&str>> = listed.out.iter().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 2, "{listed:?}");
    assert!(retry.err.contains(lines[0][0]) && first.err.contains(lines[1][0]), "newest first: {lines:?}");
    assert_eq!(lines[0][2..6], ["COMPLETE", "2 files", "0 failed", "2 matches"]);
    assert!(lines[0][6].ends_with("(retry)"), "{lines:?}");
}

#[test]
fn only_a_finished_scan_can_be_retried() {
    let workspace = Workspace::new(&[("a.txt", "HOLE-1\n")]);
    let state = workspace.at("state");
    let why = workspace.retry("last", &[]);
    assert!(why.refusal().contains("no scan has finished yet"), "{}", why.err);
    assert_eq!(workspace.scan("state", &[]).code, Some(0));
    let why = workspace.retry("00112233445566778899aabbccddeeff", &[]);
    assert!(why.refusal().contains("session 00112233445566778899aabbccddeeff not found"), "{}", why.err);
    let both = run(["scan", text(&workspace.at("files")), "--retry", "last", "--state", text(&state)]);
    assert_eq!(both.code, Some(2), "{}", both.err);
    let codes = run(["scan", "--codes", "A", "--retry", "last", "--state", text(&state)]);
    assert_eq!(codes.code, Some(2), "{}", codes.err);
}

#[test]
fn a_retry_killed_again_and_again_goes_on() {
    let samples = Samples::make(600, 61);
    let broken = samples.at("drawings").join("zz-broken.pdf");
    fs::write(&broken, "%PDF-1.7\nnothing").expect("a file");
    assert_eq!(run(samples.scan(&[])).code, Some(1));
    fs::write(&broken, "nothing that is looked for\n").expect("a file");
    let state = samples.at("state");
    let retry = ["scan", "--retry", "last", "--json", "--state", text(&state)];
    // Kill it from the first frames on.
    for lines in [0, 1, 1, 2] {
        let scan = Process::start(&mut riffle(retry));
        for _ in 0..lines {
            let line = scan.out.next().expect("the scan is running");
            assert!(!line.contains("\"type\":\"COMPLETE\""), "too late to kill it");
        }
        assert_eq!(scan.kill().code, None);
    }
    let ended = run(retry);
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    let record = ScanRecord::read(&ended.out);
    assert_eq!((record.summary.total, record.summary.failed), (601, 0));
    samples.assert_found(record.found());
}

#[test]
fn a_client_of_the_platform_retries_a_session_by_its_id() {
    let workspace = Workspace::new(&[("bad.csv", ""), ("good.txt", "HOLE-1\n")]);
    let first = ScanRecord::read(&workspace.scan("state", &["--json"]).out);
    workspace.write("bad.csv", "x\nHOLE-2\n");
    let server = Server::start(&workspace.at("state"), &[]);
    let mut socket = Socket::connect(&server);
    let earlier = &first.summary.session_id;
    let start = |more: serde_json::Value| {
        let mut start = json!({ "action": "start_scan", "request_id": "again", "retry_of": earlier });
        let fields = more.as_object().expect("fields").clone();
        start.as_object_mut().expect("an object").extend(fields);
        start.to_string()
    };
    for taken in
        [json!({ "folders": ["/"] }), json!({ "target_hole_codes": ["A"] }), json!({ "codes_key": "x" })]
    {
        let refused = socket.refused(&start(taken.clone()));
        assert_eq!(refused["code"], "BAD_REQUEST", "{taken}");
    }
    let refused = socket.refused(&start(json!({ "retry_of": "00112233445566778899aabbccddeeff" })));
    assert_eq!(refused["code"], "NOT_FOUND");
    let mut sessions = Vec::new();
    for _ in 0..2 {
        socket.send_text(&start(json!({})));
        loop {
            let frame = socket.next();
            if matches!(frame.body, FrameBody::Complete { total_failed: 0, total_matches: 2, .. })
                || (!sessions.is_empty() && matches!(frame.body, FrameBody::Snapshot { .. }))
            {
                sessions.push(frame.session_id);
                break;
            }
        }
    }
    assert_eq!(sessions[0], sessions[1], "the same request id leads to the same session");
}
