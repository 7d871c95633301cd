//! `kill -9`, Ctrl-C and a reader that closes the pipe: nothing is lost or repeated.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use riffle_contracts::FoundMatch;

use crate::deadline::until;
use crate::process::{Process, riffle, run};
use crate::report::OpenedReport;
use crate::samples::{Samples, text};
use crate::scan_record::{ScanRecord, found, frame};
use crate::server::Server;

/// Enough files that every kill comes while files are still being read.
const FILES: u32 = 600;

/// Starts a scan and kills it after this number of lines.
fn killed_after(samples: &Samples, lines: usize) {
    let scan = Process::start(&mut riffle(samples.scan(&["--json"])));
    for _ in 0..lines {
        let line = scan.out.next().expect("the scan is still at work");
        assert!(!line.contains("\"type\":\"COMPLETE\""), "too late to kill it");
    }
    assert_eq!(scan.kill().code, None);
}

fn by_id(record: &ScanRecord) -> BTreeMap<String, FoundMatch> {
    found(&record.frames).map(|(id, data)| (id.to_owned(), data.clone())).collect()
}

#[test]
fn a_scan_killed_again_and_again_ends_like_one_that_was_not() {
    let samples = Samples::make(FILES, 21);
    for lines in [0, 1, 60, 400, 900, 1_500] {
        killed_after(&samples, lines);
    }
    let place = samples.at("report.xlsx");
    let ended = run(samples.scan(&["--json", "--report", text(&place)]));
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.err.contains("resuming an interrupted scan"), "says that it resumes: {}", ended.err);
    let record = ScanRecord::read(&ended.out);
    assert_eq!((record.summary.total, record.summary.failed), (u64::from(FILES), 0));
    samples.assert_found(record.found());
    let mut files = OpenedReport::open(&place).table("Files").texts("File");
    assert_eq!(files.len(), FILES as usize, "one result for each file");
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), FILES as usize);

    let whole = run(samples.scan_in("fresh", &["--json"]));
    assert_eq!(by_id(&record), by_id(&ScanRecord::read(&whole.out)));
}

#[test]
fn the_platform_ends_a_scan_that_was_killed() {
    let samples = Samples::make(FILES, 22);
    killed_after(&samples, 50);
    let server = Server::start(&samples.at("state"), &[]);
    let session = until("the scan completes", || {
        let listed = server.scans();
        assert_eq!(listed.len(), 1, "there is one scan only: {listed:?}");
        (listed[0]["state"] == "done").then(|| listed[0].clone())
    });
    assert_eq!(
        (&session["total"], &session["processed"], &session["failed"]),
        (&FILES.into(), &FILES.into(), &0.into())
    );
    let id = session["session_id"].as_str().expect("an id");
    let report = server.get(&format!("/scans/{id}/report.xlsx"), &[]);
    let found = OpenedReport::read(report.body).table("Matches").pairs("File", "Code");
    assert_eq!(found.into_iter().collect::<std::collections::BTreeSet<_>>(), samples.pairs());
}

#[test]
fn ctrl_c_cancels_whenever_it_comes_and_the_same_command_starts_anew() {
    let samples = Samples::make(FILES, 23);
    let mut sessions = Vec::new();
    // Also in the middle of a burst of frames, where Ctrl-C must not be missed.
    for lines in [1, 2, 10, 30, 70, 150, 220, 300, 400, 500] {
        let scan = Process::start(&mut riffle(samples.scan(&["--json"])));
        let first = frame(&scan.out.next().expect("a frame"));
        for _ in 1..lines {
            scan.out.next().expect("the scan is still at work");
        }
        scan.interrupt();
        let ended = scan.ended();
        assert_eq!(ended.code, Some(130), "after {lines} lines: {}", ended.err);
        assert!(ended.err.contains("cancelled"), "{}", ended.err);
        let last = ended.out.last().expect("a last frame");
        assert!(last.contains("\"type\":\"CANCELLED\""), "{last}");
        sessions.push(first.session_id);
    }
    let again = run(samples.scan(&["--json"]));
    assert_eq!(again.code, Some(0), "{}", again.err);
    let record = ScanRecord::read(&again.out);
    record.assert_begins();
    sessions.push(Some(record.summary.session_id.clone()));
    sessions.sort_unstable();
    sessions.dedup();
    assert_eq!(sessions.len(), 11, "each scan has its own session");
    samples.assert_found(record.found());
}

#[test]
fn a_reader_that_goes_away_ends_the_scan_without_a_panic() {
    let samples = Samples::make(120, 24);
    let mut scan = riffle(samples.scan(&[]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("riffle starts");
    let mut output = BufReader::new(scan.stdout.take().expect("its output"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line.matches('\t').count(), 3, "{line}");
    drop(output);
    let mut errors = String::new();
    scan.stderr.take().expect("its errors").read_to_string(&mut errors).expect("text");
    let status = until("riffle ends", || scan.try_wait().expect("its state"));
    assert!(!errors.contains("panicked"), "{errors}");
    assert_ne!(status.code(), Some(0), "riffle was interrupted");

    let again = run(samples.scan(&["--json"]));
    assert_eq!(again.code, Some(0), "{}", again.err);
    samples.assert_found(ScanRecord::read(&again.out).found());
}

#[test]
fn two_at_once_do_not_share_a_state() {
    let samples = Samples::make(7, 25);
    let server = Server::start(&samples.at("state"), &[]);
    let ended = run(samples.scan(&[]));
    let why = ended.refusal();
    assert!(why.contains("in use by process") && why.contains("choose another folder"), "{why}");
    drop(server);
    let freed = run(samples.scan(&[]));
    assert_eq!(freed.code, Some(0), "the state folder is free after its owner has ended: {}", freed.err);
}
