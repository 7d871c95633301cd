//! A scan through the WebSocket: live, shared, interrupted, cancelled; with its report and its files.

use std::collections::BTreeSet;

use riffle_contracts::FrameBody;
use serde_json::{Value, json};

use crate::deadline::until;
use crate::report::OpenedReport;
use crate::samples::{Samples, is_pdf};
use crate::server::Server;
use crate::socket::{FollowedSession, Socket};

/// Enough to interrupt a scan in the middle when files are read one at a time.
const FILES: u32 = 600;

fn start(samples: &Samples, request: &str) -> Value {
    json!({
        "action": "start_scan",
        "request_id": request,
        "folders": [samples.drawings()],
        "target_hole_codes": samples.key.codes,
    })
}

/// Receives frames until `enough` holds; returns their session.
fn listen(
    socket: &mut Socket,
    known: &mut FollowedSession,
    enough: impl Fn(&FollowedSession) -> bool,
) -> String {
    loop {
        let frame = socket.next();
        known.take(&frame);
        if enough(known) {
            return frame.session_id.expect("a session's frame");
        }
    }
}

#[test]
fn a_client_that_is_cut_off_ends_with_everything() {
    let samples = Samples::make(FILES, 41);
    let server = Server::start(&samples.at("state"), &["--jobs", "1"]);
    let mut first = Socket::connect(&server);
    first.send(&start(&samples, "one"));
    let mut known = FollowedSession::default();
    let session = listen(&mut first, &mut known, |known| known.matches.len() >= 20);
    assert_ne!(server.scans()[0]["state"], "done", "matches are sent while files are read");

    // The same request from another client joins the same scan.
    let mut second = Socket::connect(&server);
    second.send(&start(&samples, "one"));
    assert_eq!(second.next().session_id.as_ref(), Some(&session));
    // The connections are dropped in the middle without a close frame.
    drop(first);
    drop(second);

    let mut third = Socket::connect(&server);
    let pages = third.follow(&session, &mut known);
    assert!(pages > 1, "{} matches do not fit in one frame", known.matches.len());
    samples.assert_found(known.matches.values());
    let listed = server.scans();
    assert_eq!(listed.len(), 1, "there is one scan: {listed:?}");
    assert_eq!((&listed[0]["state"], &listed[0]["processed"]), (&"done".into(), &FILES.into()));
    let Some(FrameBody::Complete { total_matches, .. }) = known.complete.map(|frame| frame.body) else {
        panic!("the client received no COMPLETE");
    };
    assert_eq!(total_matches, known.matches.len() as u64);

    // A finished scan answers the same request with its final state.
    let mut late = Socket::connect(&server);
    late.send(&start(&samples, "one"));
    let FrameBody::Snapshot { state, download_url, .. } = late.next().body else {
        panic!("a SNAPSHOT");
    };
    assert_eq!(state, riffle_contracts::SessionState::Complete);
    assert!(download_url.is_some());
}

#[test]
fn a_server_killed_in_mid_scan_goes_on_and_its_client_too() {
    let samples = Samples::make(FILES, 42);
    let server = Server::start(&samples.at("state"), &[]);
    let mut socket = Socket::connect(&server);
    socket.send(&start(&samples, "one"));
    let session = listen(&mut socket, &mut FollowedSession::default(), |known| known.matches.len() >= 50);
    server.kill();
    while socket.next_text().is_some() {}

    let server = Server::start(&samples.at("state"), &[]);
    // Links in matches contain the new port.
    let mut known = FollowedSession::default();
    Socket::connect(&server).follow(&session, &mut known);
    samples.assert_found(known.matches.values());
}

#[test]
fn a_cancelled_scan_stays_cancelled() {
    let samples = Samples::make(FILES, 43);
    let server = Server::start(&samples.at("state"), &["--jobs", "1"]);
    let mut socket = Socket::connect(&server);
    socket.send(&start(&samples, "one"));
    let mut known = FollowedSession::default();
    let session = listen(&mut socket, &mut known, |known| !known.matches.is_empty());
    socket.send(&json!({ "action": "cancel_scan", "session_id": session }));
    loop {
        match socket.next() {
            frame if matches!(frame.body, FrameBody::Cancelled { .. }) => break,
            frame => known.take(&frame),
        }
    }
    assert!(known.complete.is_none());
    assert_eq!(server.scans()[0]["state"], "cancelled");
    let report = server.get(&format!("/scans/{session}/report.xlsx"), &[]);
    assert_eq!(report.status, 404, "a cancelled scan has no report");
    // It has no work left.
    until("the queues are empty", || {
        let health: Value = serde_json::from_slice(&server.get("/api/health", &[]).body).expect("JSON");
        let queues = health["queues"].as_object().expect("queues");
        let count = |queue: &Value, name: &str| queue[name].as_u64().expect("a count");
        let left = queues
            .values()
            .map(|queue| count(queue, "ready") + count(queue, "in_flight") + count(queue, "waiting"));
        (left.sum::<u64>() == 0).then_some(())
    });
    assert_eq!(server.scans()[0]["state"], "cancelled");
    // It can be started again with another request id.
    let mut other = Socket::connect(&server);
    other.send(&start(&samples, "two"));
    let again = listen(&mut other, &mut FollowedSession::default(), |known| !known.matches.is_empty());
    assert_ne!(again, session);
}

#[test]
fn the_report_and_the_files_are_there_to_be_opened() {
    let samples = Samples::make(60, 44);
    let server = Server::start(&samples.at("state"), &[]);
    let mut socket = Socket::connect(&server);
    socket.send(&start(&samples, "one"));
    let mut known = FollowedSession::default();
    let session = listen(&mut socket, &mut known, |known| known.complete.is_some());
    samples.assert_found(known.matches.values());

    let Some(FrameBody::Complete { download_url, .. }) = known.complete.map(|frame| frame.body) else {
        panic!("COMPLETE");
    };
    let own = format!("http://{}", server.address);
    let report = server.get(download_url.strip_prefix(&own).expect("an address of this server"), &[]);
    assert_eq!(report.status, 200);
    assert!(report.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    let listed = OpenedReport::read(report.body).table("Matches").pairs("File", "Code");
    assert_eq!(listed.len(), known.matches.len());
    let live = known.matches.values().map(|found| (found.file_name.clone(), found.hole_code.clone()));
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), live.collect());

    for drawing in [true, false] {
        let found = known.matches.values().find(|found| is_pdf(&found.file_name) == drawing);
        let found = found.expect("a match in a drawing, and one in a register");
        let link = found.pdf_link.split('#').next().and_then(|link| link.strip_prefix(&own));
        let file = server.get(link.expect("an address of this server"), &[]);
        assert_eq!(file.status, 200);
        let bytes = std::fs::read(samples.at("drawings").join(&found.file_name)).expect("the file");
        assert!(file.body == bytes, "{} is served unchanged", found.file_name);
        let kind = if drawing { "application/pdf" } else { "application/octet-stream" };
        assert_eq!(file.header("content-type"), Some(kind));
        assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    }
    for gone in [
        format!("/scans/{session}/files/60"),
        "/scans/nobodys/files/0".to_owned(),
        "/scans/nobodys/report.xlsx".to_owned(),
        "/scans/..%2f..%2fstate/report.xlsx".to_owned(),
    ] {
        assert_eq!(server.get(&gone, &[]).status, 404, "{gone}");
    }
}

#[test]
fn ctrl_c_ends_the_platform_and_an_open_scan_goes_on_at_its_next_start() {
    let samples = Samples::make(FILES, 45);
    let server = Server::start(&samples.at("state"), &["--jobs", "1"]);
    let mut socket = Socket::connect(&server);
    socket.send(&start(&samples, "one"));
    listen(&mut socket, &mut FollowedSession::default(), |known| known.matches.len() >= 10);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!ended.err.contains("panicked"), "{}", ended.err);

    let server = Server::start(&samples.at("state"), &[]);
    let session =
        until("the scan completes", || server.scans().into_iter().find(|session| session["state"] == "done"));
    assert_eq!(session["processed"], FILES);
}

#[test]
fn codes_come_typed_and_as_a_file_within_the_message() {
    let dir = tempfile::tempdir().expect("a folder");
    let plans = dir.path().join("plans");
    std::fs::create_dir(&plans).expect("a folder");
    std::fs::write(plans.join("plan.txt"), "HOLE-1 HOLE-2 HOLE-3 XHOLE-3\n").expect("a file");
    let server = Server::start(&dir.path().join("state"), &[]);
    let mut socket = Socket::connect(&server);
    socket.send(&json!({
        "action": "start_scan",
        "folders": [plans],
        "target_hole_codes": ["hole-3"],
        // Hole ID, HOLE-1, HOLE-9: one per line.
        "file_content": "SG9sZSBJRApIT0xFLTEKSE9MRS05Cg==",
        "options": { "match": "token", "ocr": "off" },
    }));
    let mut known = FollowedSession::default();
    listen(&mut socket, &mut known, |known| known.complete.is_some());
    let codes: BTreeSet<&str> = known.matches.values().map(|found| &*found.hole_code).collect();
    assert_eq!(
        codes,
        BTreeSet::from(["HOLE-1", "hole-3"]),
        "codes are shown as they are written in the list"
    );
}
