//! Scans of Google Drive folders, with a simulated Google.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use riffle_contracts::{ErrorCode, Frame, FrameBody, SessionState};
use riffle_drive_double::{Call, DriveDouble, DriveFault};
use serde_json::{Value, json};

use crate::report::OpenedReport;
use crate::scan_record::frame;
use crate::server::Server;
use crate::socket::Socket;

/// Enough to interrupt a scan in the middle when files are read one at a time.
const FILES: u32 = 120;
const TOKEN: &str = "ya29.canary-first";
const SECOND: &str = "ya29.canary-second";

struct World {
    google: DriveDouble,
    dir: tempfile::TempDir,
    folder: String,
}

/// The messages that one socket received.
struct SocketRecord {
    socket: Socket,
    texts: Vec<String>,
    found: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        let google = DriveDouble::start();
        google.accept(TOKEN);
        let folder = google.folder("root", "Drawings");
        let below = google.folder(&folder, "Older ones");
        for number in 0..FILES {
            let parent = if number % 2 == 0 { &folder } else { &below };
            google.file(parent, &format!("{number:03}.txt"), format!("see HOLE-{number} here"));
        }
        google.native(&folder, "A document", "document", "and HOLE-900 there");
        Self { google, dir: tempfile::tempdir().expect("a folder"), folder }
    }

    fn serve(&self) -> Server {
        let environment = [("DRIVE_ENDPOINT", &*self.google.endpoint()), ("RUST_LOG", "debug")];
        Server::start_with(&self.dir.path().join("state"), &["--jobs", "1"], &environment)
    }

    fn start(&self) -> Value {
        let mut codes: Vec<String> = (0..FILES).map(|number| format!("HOLE-{number}")).collect();
        codes.push("HOLE-900".to_owned());
        json!({
            "action": "start_scan",
            "request_id": "one",
            "folder_id": self.folder,
            "token": TOKEN,
            "target_hole_codes": codes,
        })
    }

    fn codes() -> BTreeSet<String> {
        (0..FILES).chain([900]).map(|number| format!("HOLE-{number}")).collect()
    }
}

impl SocketRecord {
    fn connect(server: &Server) -> Self {
        Self { socket: Socket::connect(server), texts: Vec::new(), found: BTreeSet::new() }
    }

    fn next(&mut self) -> Frame {
        let text = self.socket.next_text().expect("the connection is open");
        let frame = frame(&text);
        self.texts.push(text);
        match &frame.body {
            FrameBody::MatchFound { data, .. } => {
                self.found.insert(data.hole_code.clone());
            }
            FrameBody::Snapshot { matches, .. } => {
                self.found.extend(matches.iter().map(|listed| listed.data.hole_code.clone()));
            }
            _ => {}
        }
        frame
    }

    /// Waits until the session requests a new token; returns the session.
    fn until_expired(&mut self) -> String {
        loop {
            let frame = self.next();
            match frame.body {
                FrameBody::Error { code: ErrorCode::TokenExpired, .. } => {
                    return frame.session_id.expect("a session's frame");
                }
                FrameBody::Complete { .. } => panic!("the scan completed with an expired token"),
                _ => {}
            }
        }
    }

    fn until_complete(&mut self) -> Frame {
        loop {
            let frame = self.next();
            match frame.body {
                FrameBody::Complete { .. } => return frame,
                FrameBody::Error { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
    }

    /// Returns the code of the next error. Files that were sent out with both tokens may be read twice, and the last of
    /// them then completes the scan twice: the second COMPLETE may arrive late.
    fn refused(&mut self) -> ErrorCode {
        loop {
            match self.next().body {
                FrameBody::Error { code, .. } => return code,
                FrameBody::Complete { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn renew(&mut self, session: &str, token: &str) {
        self.socket.send(&json!({ "action": "renew_token", "session_id": session, "token": token }));
    }

    fn paused(&mut self, session: &str) -> (bool, SessionState) {
        self.socket.resume(session, None);
        loop {
            if let FrameBody::Snapshot { paused, state, .. } = self.next().body {
                return (paused, state);
            }
        }
    }
}

/// Fails if a name or the content of any file in the folder includes `canary`.
fn assert_absent(dir: &Path, canary: &str) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        assert!(!path.to_string_lossy().contains(canary), "{}", path.display());
        if path.is_dir() {
            assert_absent(&path, canary);
        } else if let Ok(content) = std::fs::read(&path) {
            let found = content.windows(canary.len()).any(|window| window == canary.as_bytes());
            assert!(!found, "{} holds a token", path.display());
        }
    }
}

#[test]
fn a_token_ends_in_the_middle_and_a_new_one_completes_the_scan() {
    let world = World::new();
    let server = world.serve();
    let config = server.get("/api/config", &[]).json();
    assert!(config["sources"].as_array().expect("a list").contains(&"drive".into()), "{config}");

    // Listing takes four calls, reading one call per file.
    world.google.expire_after(40);
    let mut one = SocketRecord::connect(&server);
    one.socket.send(&world.start());
    let session = one.until_expired();
    let listed = server.scans();
    assert_eq!(listed[0]["source"], format!("Google Drive folder {}", world.folder));

    // A page that connects later is also informed.
    let mut two = SocketRecord::connect(&server);
    assert_eq!(two.paused(&session), (true, SessionState::Running));

    // A token that Google refuses pauses it again, and nothing is lost.
    two.renew(&session, "ya29.canary-wrong");
    two.until_expired();
    one.until_expired();

    world.google.accept(SECOND);
    two.renew(&session, SECOND);
    one.until_complete();
    let FrameBody::Complete { total_processed, total_failed, total_matches, .. } = two.until_complete().body
    else {
        panic!("COMPLETE");
    };
    let files = u64::from(FILES) + 1;
    assert_eq!((total_processed, total_failed, total_matches), (files, 0, files));
    let mut three = SocketRecord::connect(&server);
    let mut cursor: Option<String> = None;
    loop {
        three.socket.resume(&session, cursor.as_deref());
        let FrameBody::Snapshot { cursor: next, paused, .. } = three.next().body else { panic!("SNAPSHOT") };
        assert!(!paused);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(three.found, World::codes());

    let report = server.get(&format!("/scans/{session}/report.xlsx"), &[]);
    let rows = OpenedReport::read(report.body).table("Matches").pairs("File", "Code");
    assert_eq!(rows.len() as u64, files);
    assert!(rows.contains(&("Older ones/001.txt".to_owned(), "HOLE-1".to_owned())));

    // Google shows the file: the session's token is forgotten.
    let file = server.get(&format!("/scans/{session}/files/0"), &[]);
    assert_eq!(file.status, 307);
    let shown = file.header("location").expect("an address");
    assert!(shown.starts_with("https://drive.google.com/open?id="), "{shown}");
    two.renew(&session, SECOND);
    assert_eq!(two.refused(), ErrorCode::WrongState);

    let texts = [one.texts, two.texts, three.texts].concat();
    let ended = server.stop();
    assert!(!ended.err.contains("panicked"), "{}", ended.err);
    assert!(ended.err.contains("DEBUG"), "the log is verbose");
    for text in texts.iter().chain([&ended.err]).chain(&ended.out) {
        assert!(!text.contains("canary"), "{text}");
    }
    assert_absent(world.dir.path(), "canary");
}

#[test]
fn a_restarted_server_asks_for_a_new_token_and_goes_on() {
    let world = World::new();
    let server = world.serve();
    let mut client = SocketRecord::connect(&server);
    client.socket.send(&world.start());
    let session = loop {
        let frame = client.next();
        if client.found.len() >= 10 {
            break frame.session_id.expect("a session's frame");
        }
    };
    server.kill();

    let server = world.serve();
    let mut client = SocketRecord::connect(&server);
    let (mut paused, _) = client.paused(&session);
    if !paused {
        client.until_expired();
        (paused, _) = client.paused(&session);
    }
    assert!(paused, "a token in memory is lost");
    world.google.accept(SECOND);
    client.renew(&session, SECOND);
    let FrameBody::Complete { total_processed, total_failed, .. } = client.until_complete().body else {
        panic!("COMPLETE");
    };
    assert_eq!((total_processed, total_failed), (u64::from(FILES) + 1, 0));
    assert_absent(world.dir.path(), "canary");
}

#[test]
fn a_retry_takes_a_fresh_token_and_a_token_alone_means_my_drive() {
    let world = World::new();
    let alone = world.google.file("root", "alone.txt", "HOLE-1");
    world.google.remove(&world.folder);
    let server = world.serve();
    let mut client = SocketRecord::connect(&server);
    world.google.restrict(&alone, DriveFault::NoDownload);
    client.socket.send(&json!({ "action": "start_scan", "token": TOKEN, "target_hole_codes": ["HOLE-1"] }));
    let complete = client.until_complete();
    let FrameBody::Complete { total_failed: 1, .. } = complete.body else { panic!("{complete:?}") };
    let failed = client.texts.iter().find(|text| text.contains("FILE_FAILED")).expect("a reason");
    assert!(failed.contains("does not allow it to be downloaded"), "{failed}");

    let session = complete.session_id.expect("a session");
    let retry = json!({ "action": "start_scan", "retry_of": session });
    assert_eq!(client.socket.refused(&retry.to_string())["code"], "BAD_REQUEST");
    world.google.remove(&alone);
    world.google.expire();
    world.google.accept(SECOND);
    client.socket.send(&json!({ "action": "start_scan", "retry_of": session, "token": SECOND }));
    let again = client.until_complete();
    assert_ne!(again.session_id.as_ref(), Some(&session));
    let FrameBody::Complete { total_failed: 1, .. } = again.body else { panic!("{again:?}") };
    let gone = client.texts.iter().filter(|text| text.contains("the file no longer exists")).count();
    assert!(gone > 0, "the failed file is read again in its current version");
}

#[test]
fn a_drive_source_is_checked_before_anything_begins() {
    let world = World::new();
    let server = world.serve();
    let mut socket = Socket::connect(&server);
    let codes = json!(["HOLE-1"]);
    for wrong in [
        json!({ "folder_id": world.folder }),
        json!({ "folder_id": "https://drive.google.com/drive/folders/1", "token": TOKEN }),
        json!({ "folder_id": "../secrets", "token": TOKEN }),
        json!({ "folder_id": world.folder, "token": "" }),
        json!({ "folder_id": world.folder, "token": "two\nlines" }),
        json!({ "folder_id": world.folder, "token": TOKEN, "folders": ["/tmp"] }),
    ] {
        let mut message = wrong.clone();
        (message["action"], message["target_hole_codes"]) = ("start_scan".into(), codes.clone());
        assert_eq!(socket.refused(&message.to_string())["code"], "BAD_REQUEST", "{wrong}");
    }
    assert_eq!(world.google.calls(Call::List) + world.google.calls(Call::Metadata), 0);
    assert_eq!(server.scans(), [] as [Value; 0]);

    socket.send(&json!({
        "action": "start_scan", "folder_id": "1no-such-folder", "token": TOKEN, "target_hole_codes": codes,
    }));
    let refused = loop {
        if let FrameBody::Error { message, code: ErrorCode::ScanFailed } = socket.next().body {
            break message;
        }
    };
    assert!(refused.contains("this Google Drive folder does not exist"), "{refused}");
}

#[test]
fn a_drive_that_does_not_answer_holds_up_no_other_scan() {
    // The system accepts connections, but the server never answers on them.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let endpoint = format!("http://{}", silent.local_addr().expect("an address"));
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("files");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("a.txt"), "see HOLE-1 here").expect("a file");
    let server =
        Server::start_with(&dir.path().join("state"), &["--jobs", "1"], &[("DRIVE_ENDPOINT", &endpoint)]);
    let mut waiting = SocketRecord::connect(&server);
    for request in ["one", "two", "three"] {
        waiting.socket.send(&json!({
            "action": "start_scan",
            "request_id": request,
            "folder_id": "0123456789abcdefghij",
            "token": TOKEN,
            "target_hole_codes": ["HOLE-1"],
        }));
    }
    // They are being dispatched: their connections have arrived.
    for _ in 0..3 {
        silent.accept().map(std::mem::forget).expect("a connection");
    }
    let mut local = SocketRecord::connect(&server);
    local.socket.send(&json!({
        "action": "start_scan",
        "request_id": "four",
        "folders": [folder.to_str().expect("a path of text")],
        "target_hole_codes": ["HOLE-1"],
    }));
    let FrameBody::Complete { total_matches, .. } = local.until_complete().body else { panic!("COMPLETE") };
    assert_eq!(total_matches, 1);
    let open = server.scans().into_iter().filter(|scan| scan["state"] != "done").count();
    assert_eq!(open, 3, "those of Drive still wait");
}
