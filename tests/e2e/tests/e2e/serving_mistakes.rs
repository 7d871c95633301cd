//! Messages that cannot be parsed or performed: each gets a clear ERROR, and the connection stays open.

use serde_json::{Value, json};

use crate::scan_record::frame;
use crate::server::Server;
use crate::socket::Socket;

fn server() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &[]);
    (dir, server)
}

fn assert_alive(socket: &mut Socket) {
    socket.send(&json!({ "action": "ping" }));
    assert_eq!(socket.next().body, riffle_contracts::FrameBody::Pong);
}

#[test]
fn a_message_that_cannot_be_served_is_answered_and_the_connection_lives() {
    let (_dir, server) = server();
    let mut socket = Socket::connect(&server);
    let start = |fields: Value| {
        let mut action = json!({ "action": "start_scan" });
        action.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        action.to_string()
    };
    let codes = ["A-1"];
    let long = "r".repeat(129);
    for (message, code) in [
        ("not JSON".to_owned(), "BAD_REQUEST"),
        (String::new(), "BAD_REQUEST"),
        ("[]".to_owned(), "BAD_REQUEST"),
        (json!({ "action": "delete_all" }).to_string(), "BAD_REQUEST"),
        (json!({ "folders": ["/tmp"] }).to_string(), "BAD_REQUEST"),
        (json!({ "action": "resume" }).to_string(), "BAD_REQUEST"),
        (json!({ "action": "resume", "session_id": "nobodys" }).to_string(), "NOT_FOUND"),
        (json!({ "action": "cancel_scan", "session_id": "nobodys" }).to_string(), "NOT_FOUND"),
        (start(json!({ "target_hole_codes": codes })), "BAD_REQUEST"),
        (start(json!({ "folders": ["/tmp"] })), "BAD_REQUEST"),
        (start(json!({ "folders": ["/tmp"], "target_hole_codes": ["--"] })), "BAD_REQUEST"),
        (start(json!({ "folders": ["/tmp"], "prefix": "p/", "target_hole_codes": codes })), "BAD_REQUEST"),
        (start(json!({ "prefix": "p/", "target_hole_codes": codes })), "BAD_REQUEST"),
        (start(json!({ "folders": ["/tmp"], "file_content": "%" })), "BAD_REQUEST"),
        (start(json!({ "folders": ["/tmp"], "codes_key": "../../x" })), "BAD_REQUEST"),
        (
            start(json!({ "folders": ["/tmp"], "target_hole_codes": codes, "request_id": long })),
            "BAD_REQUEST",
        ),
    ] {
        let answer = socket.refused(&message);
        assert_eq!(answer["code"], code, "{message}: {answer}");
        assert_alive(&mut socket);
    }
    assert_eq!(server.scans(), Vec::<Value>::new(), "none of the requests started a scan");
}

#[test]
fn a_message_that_is_too_large_is_refused_with_a_frame() {
    let (_dir, server) = server();
    let mut socket = Socket::connect(&server);
    let answer = socket.refused(&json!({ "action": "ping", "more": "x".repeat(200_000) }).to_string());
    assert_eq!(answer["code"], "BAD_REQUEST");
    assert_alive(&mut socket);
    // Every frame has the server's time and a session, which may be null.
    let answer = frame(&answer.to_string());
    assert_eq!(answer.session_id, None);
}

#[test]
fn a_folder_that_is_not_there_fails_the_scan_with_its_name() {
    let (dir, server) = server();
    let mut socket = Socket::connect(&server);
    let missing = dir.path().join("missing");
    socket.send(&json!({
        "action": "start_scan",
        "folders": [missing],
        "target_hole_codes": ["A-1"],
    }));
    let error = loop {
        let text = socket.next_text().expect("the connection is open");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        if answer["type"] != "SNAPSHOT" {
            break answer;
        }
    };
    assert_eq!((&error["type"], &error["code"]), (&"ERROR".into(), &"SCAN_FAILED".into()), "{error}");
    let name = missing.to_str().expect("a plain name");
    assert!(error["message"].as_str().is_some_and(|message| message.contains(name)), "{error}");
    assert_eq!(server.scans()[0]["state"], "failed");
}

#[test]
fn a_request_id_is_not_used_for_something_else() {
    let (dir, server) = server();
    let mut socket = Socket::connect(&server);
    let start = |code: &str| {
        json!({
            "action": "start_scan",
            "request_id": "one",
            "folders": [dir.path()],
            "target_hole_codes": [code],
        })
    };
    socket.send(&start("A-1"));
    assert!(socket.next().session_id.is_some());
    let mut other = Socket::connect(&server);
    assert_eq!(other.refused(&start("A-2").to_string())["code"], "REQUEST_ID_REUSED");
}
