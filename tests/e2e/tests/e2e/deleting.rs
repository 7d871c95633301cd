//! The right to deletion: one request or one command deletes a scan with everything derived from it.

use std::fs;
use std::path::{Path, PathBuf};

use riffle_contracts::FrameBody;
use serde_json::json;

use crate::deadline::until;
use crate::http::assert_problem;
use crate::http_uploads;
use crate::process::{ProcessExit, run};
use crate::samples::{Samples, text};
use crate::server::Server;
use crate::socket::Socket;

/// Appears in the content and the name of every file, and in the text around a code.
const SECRET: &str = "tunnel-of-kreuzlingen";

/// Makes a folder of files with a unique name, one of which has results too large for the database (over 16 KiB), so
/// that they are in the object store.
fn folder(dir: &Path) -> PathBuf {
    let folder = dir.join(format!("plans-{SECRET}"));
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join(format!("{SECRET}.txt")), format!("HOLE-1 {SECRET}\n").repeat(1_000))
        .expect("a file");
    fs::write(folder.join("short.txt"), format!("HOLE-2 {SECRET}\n")).expect("a file");
    fs::write(folder.join("broken.pdf"), "%PDF-1.7 nothing").expect("a file");
    folder
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files
}

/// Returns the files of the state whose name or content includes `what`.
fn files_with(state: &Path, what: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        let content = fs::read(path).unwrap_or_default();
        text(path.strip_prefix(state).unwrap_or(path)).contains(what)
            || content.windows(what.len()).any(|window| window == what.as_bytes())
    };
    files(state).into_iter().filter(holds).collect()
}

/// Starts the scan of `start` and waits for its end; returns the session.
fn scan(server: &Server, start: &serde_json::Value) -> String {
    let mut socket = Socket::connect(server);
    socket.send(start);
    loop {
        let frame = socket.next();
        if matches!(frame.body, FrameBody::Complete { .. }) {
            return frame.session_id.expect("a session's frame");
        }
    }
}

fn delete(server: &Server, session: &str) -> crate::server::HttpResponse {
    server.send("DELETE", &format!("/api/scans/{session}"), &[], b"")
}

/// Waits until no file name in the state's objects or uploads includes `what`.
fn await_removed(state: &Path, what: &str) {
    let named = |folder| files(&state.join(folder)).into_iter().any(|path| text(&path).contains(what));
    until("the files are removed", || (!named("objects") && !named("uploads")).then_some(()));
}

#[test]
fn a_deleted_scan_is_gone_for_everybody_and_nothing_of_it_is_left() {
    let dir = tempfile::tempdir().expect("a folder");
    let (state, folder) = (dir.path().join("state"), folder(dir.path()));
    let server = Server::start(&state, &["--no-cache"]);
    let start = |request: &str| {
        json!({
            "action": "start_scan",
            "request_id": request,
            "folders": [folder],
            "target_hole_codes": ["HOLE-1", "HOLE-2"],
        })
    };
    let (session, other) = (scan(&server, &start("one")), scan(&server, &start("two")));
    assert!(!files_with(&state.join("objects"), SECRET).is_empty(), "the state contains the secret before");
    assert_eq!(delete(&server, &session).status, 202);
    let base = format!("/api/scans/{session}");
    for rest in ["", "/matches", "/failures", "/codes", "/matches/0-0/evidence"] {
        assert_problem(&server.get(&format!("{base}{rest}"), &[]), 404);
    }
    assert_problem(&server.get(&format!("/scans/{session}/report.xlsx"), &[]), 404);
    let listed = server.scans();
    assert_eq!((listed.len(), &listed[0]["session_id"]), (1, &json!(other)), "the other scan is kept");
    assert_eq!(delete(&server, &session).status, 202, "a repeat is harmless");
    await_removed(&state, &session);
    assert_eq!(server.get(&format!("/scans/{other}/report.xlsx"), &[]).status, 200);

    // Repeating the start request does not create the scan again.
    let mut socket = Socket::connect(&server);
    socket.send(&start("one"));
    let refused = loop {
        if let FrameBody::Error { code, .. } = socket.next().body {
            break code;
        }
    };
    assert_eq!(json!(refused), "REQUEST_ID_REUSED");

    assert_eq!(delete(&server, &other).status, 202);
    await_removed(&state, &other);
    assert_eq!(server.stop().code, Some(0));
    // It ended with a client connected and with the database's log open; the next process that opens the state closes
    // the log.
    assert!(sessions(&state, &[]).out.is_empty());
    assert_eq!(files_with(&state, SECRET), Vec::<PathBuf>::new(), "no file contains the secret");
    assert_eq!(files_with(&state, "HOLE-1"), Vec::<PathBuf>::new(), "no file contains the codes");
    assert_eq!(files(&folder).len(), 3, "the files themselves stay");
}

#[test]
fn a_scan_that_runs_is_not_deleted() {
    let samples = Samples::make(600, 71);
    let server = Server::start(&samples.at("state"), &["--jobs", "1"]);
    let mut socket = Socket::connect(&server);
    let codes = samples.key.codes.clone();
    socket.send(&json!({
        "action": "start_scan",
        "folders": [samples.drawings()],
        "target_hole_codes": codes,
    }));
    let session = loop {
        let frame = socket.next();
        if matches!(frame.body, FrameBody::MatchFound { .. }) {
            break frame.session_id.expect("a session's frame");
        }
    };
    let problem = assert_problem(&delete(&server, &session), 409);
    assert!(problem["detail"].as_str().is_some_and(|text| text.contains("Cancel it first")), "{problem}");
    assert_problem(&delete(&server, "nobodys"), 404);
    socket.send(&json!({ "action": "cancel_scan", "session_id": session }));
    while !matches!(socket.next().body, FrameBody::Cancelled { .. }) {}
    assert_eq!(delete(&server, &session).status, 202, "a cancelled scan can be deleted");
    assert!(server.scans().is_empty());
}

fn sessions(state: &Path, more: &[&str]) -> ProcessExit {
    run(["sessions", "--state", text(state)].iter().chain(more))
}

#[test]
fn the_command_line_deletes_a_scan() {
    let dir = tempfile::tempdir().expect("a folder");
    let (state, folder) = (dir.path().join("state"), folder(dir.path()));
    let scan = |codes: &str| {
        let fixed = ["scan", text(&folder), "--codes", codes, "--no-cache", "--state", text(&state)];
        assert_eq!(run(fixed).code, Some(1), "one file is damaged");
    };
    scan("HOLE-1");
    scan("HOLE-2");
    let listed = sessions(&state, &[]);
    let ids: Vec<&str> = listed.out.iter().filter_map(|line| line.split('\t').next()).collect();
    let [second, first] = ids[..] else { panic!("{listed:?}") };

    let none = sessions(&state, &["--delete", first, "--delete", "00000000"]);
    assert_eq!(none.code, Some(2), "{}", none.err);
    assert!(none.err.contains("session 00000000 not found"), "{}", none.err);
    assert_eq!(sessions(&state, &[]).out, listed.out, "nothing is deleted if one is not found");

    let deleted = sessions(&state, &["--delete", &first[..8]]);
    assert_eq!((deleted.code, deleted.out), (Some(0), vec![format!("{first}\tdeleted")]), "{}", deleted.err);
    let left = sessions(&state, &[]);
    assert!(left.out.len() == 1 && left.out[0].starts_with(second), "{left:?}");
    assert_eq!(sessions(&state, &["--delete", first]).code, Some(2), "it no longer exists");
    assert_eq!(sessions(&state, &["--delete", second]).code, Some(0));
    assert_eq!(files_with(&state, SECRET), Vec::<PathBuf>::new(), "no file contains the secret");
    assert!(sessions(&state, &[]).out.is_empty());
}

#[test]
fn uploaded_files_go_with_the_last_scan_of_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let server = Server::start(&state, &["--no-cache"]);
    let upload = http_uploads::create(&server);
    let content = format!("HOLE-1 {SECRET}\n");
    let name = format!("{SECRET}.txt");
    let declared = http_uploads::declare(&server, &upload, 0, &[(&name, content.len())]);
    let sent = http_uploads::send_form(&server, &http_uploads::target(&declared, 0), content.as_bytes());
    assert!(sent.status < 300, "{}", sent.status);
    let start = |request: &str| {
        let codes = ["HOLE-1"];
        json!({ "action": "start_scan", "request_id": request, "upload_id": upload, "target_hole_codes": codes })
    };
    let (first, second) = (scan(&server, &start("one")), scan(&server, &start("two")));
    assert_eq!(delete(&server, &first).status, 202);
    await_removed(&state, &first);
    let path = format!("/api/uploads/{upload}");
    assert_eq!(server.get(&path, &[]).json()["received"], 1, "the second scan still has the upload");
    assert_eq!(server.get(&format!("/scans/{second}/files/0"), &[]).body, content.as_bytes());
    assert_eq!(delete(&server, &second).status, 202);
    await_removed(&state, &second);
    await_removed(&state, &upload);
    assert_problem(&server.get(&path, &[]), 404);
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(files_with(&state, SECRET), Vec::<PathBuf>::new(), "no file contains the secret");
}

/// Returns a statement with the secret in every field, name and account, and with enough rows to split pages of the
/// database.
fn canaries() -> String {
    let mut content = "Date,Payee,Description,Amount,Type,Account,Transaction ID\n".to_owned();
    for row in 0..3_000 {
        let (day, month, account) = (row % 28 + 1, row % 12 + 1, row % 3);
        content += &format!("2031-{month:02}-{day:02},Payee {SECRET} {row},For {SECRET} {row},-{row}.17,");
        content += &format!("Kind {SECRET},DE{SECRET}{account},{SECRET}-{row}\n");
    }
    content
}

/// Returns rows of one account, in which deleted and kept rows are next to each other in the database.
fn among_others(what: &str) -> String {
    let mut content = "Date,Description,Amount\n".to_owned();
    for row in 0..3_000 {
        let (day, month) = (row % 28 + 1, row % 12 + 1);
        content += &format!("2031-{month:02}-{day:02},{what} {row},{row}.23\n");
    }
    content
}

/// The README states what remains of a deleted statement: the fact that it was deleted.
#[test]
fn nothing_tells_of_a_deleted_statement() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let server = Server::start(&state, &[]);
    server.upload("before.csv", &among_others("bystander"), Some("Bystander"));
    let beside = server.upload("beside.csv", &among_others(&format!("beside {SECRET}")), Some("Bystander"));
    let file = server.upload(&format!("{SECRET}.csv"), &canaries(), Some(&format!("Of {SECRET}")));
    assert_eq!(file["rows"], json!(3_000), "{file}");
    server.upload("after.csv", &among_others("late"), Some("Bystander"));
    let figures = || server.get("/api/statements/figures", &[]).json()["months"].clone();
    until("figures are derived", || figures().to_string().contains(SECRET).then_some(()));
    assert!(!files_with(&state, SECRET).is_empty(), "the state contains the secret before");

    for file in [file, beside] {
        let path = format!("/api/statements/files/{}", file["id"].as_str().expect("an id"));
        assert_eq!(server.send("DELETE", &path, &[], b"").status, 202);
        until("the file is deleted", || (server.get(&path, &[]).json()["detail"] == "deleted").then_some(()));
    }
    until("the figures of the file are removed", || (!figures().to_string().contains(SECRET)).then_some(()));
    let facets = server.get("/api/statements/facets", &[]).json();
    assert_eq!(facets["accounts"], json!(["Bystander"]), "its account is not listed");
    assert_eq!(figures().as_array().map(Vec::len), Some(12), "figures of other files stay");
    until("its copies are overwritten, while the server runs", || {
        files_with(&state, SECRET).is_empty().then_some(())
    });
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(files_with(&state, SECRET), Vec::<PathBuf>::new(), "no file contains the secret");
    assert!(!files_with(&state, "bystander 77").is_empty(), "rows of other files stay");
}
