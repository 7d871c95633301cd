//! The HTTP API as a program sees it: information on the platform itself, tickets, and the form of errors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::server::{HttpResponse, Server};
use crate::socket::Socket;

pub fn server() -> (tempfile::TempDir, Server) {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &[]);
    (dir, server)
}

/// Fails unless the answer is a problem of RFC 9457 with a text for a person.
#[track_caller]
pub fn assert_problem(answer: &HttpResponse, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    for field in ["type", "title", "detail"] {
        assert!(problem[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {problem}");
    }
    problem
}

#[test]
fn the_platform_tells_of_itself() {
    let (dir, server) = server();
    let health = server.get("/api/health", &[]);
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "ok");
    assert_eq!(health.json()["queues"].as_object().map(serde_json::Map::len), Some(20));
    let config = server.get("/api/config", &[]).json();
    assert_eq!((&config["place"], &config["socket"]["max_age_seconds"]), (&json!("local"), &json!(7200)));
    assert_eq!(config["limits"]["codes"], 50_000);
    let metrics = server.get("/api/metrics", &[]);
    assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain; version=0.0.4")));
    let text = String::from_utf8(metrics.body).expect("text");
    for name in ["riffle_queue_messages", "riffle_sessions", "riffle_files_total", "riffle_dead_letters"] {
        assert!(text.contains(&format!("# TYPE {name} ")), "{name} in {text}");
    }
    drop(dir);
}

#[test]
fn folders_are_shown_to_choose_one() {
    let (dir, server) = server();
    for name in ["b", "a ä", ".hidden"] {
        std::fs::create_dir(dir.path().join(name)).expect("a folder");
    }
    std::fs::write(dir.path().join("file.pdf"), "x").expect("a file");
    let root = dir.path().canonicalize().expect("a path");
    let shown = server.get(&format!("/api/folders?path={}", root.display()), &[]).json();
    let names: Vec<&str> =
        shown["folders"].as_array().expect("a list").iter().filter_map(|it| it["name"].as_str()).collect();
    assert_eq!(names, ["a ä", "b", "state"]);
    assert_eq!((&shown["files"], &shown["path"]), (&json!(1), &json!(root)));
    assert_eq!(shown["parent"], json!(root.parent()));
    assert_eq!(server.get("/api/folders?path=/", &[]).json()["parent"], Value::Null);
    assert_eq!(server.get("/api/folders", &[]).json()["path"], "/", "no home is the root");
    for (path, status) in [
        ("relative", 400),
        ("%00", 400),
        ("/%00", 400),
        ("", 400),
        ("/no/such/folder", 404),
        ("/etc/passwd", 404),
    ] {
        assert_problem(&server.get(&format!("/api/folders?path={path}"), &[]), status);
    }
}

#[test]
fn what_cannot_be_served_says_why_and_the_server_lives() {
    let (_dir, server) = server();
    for path in ["/api", "/api/", "/api/nothing", "/api/scans/", "/nothing", "/scans/x/files/none"] {
        assert_problem(&server.get(path, &[]), 404);
    }
    for session in ["nobodys", "..%2f..%2fstate", "%00", "%ff", &"x".repeat(5_000)] {
        for rest in ["", "/matches", "/failures", "/codes", "/matches/0-0/evidence"] {
            assert_problem(&server.get(&format!("/api/scans/{session}{rest}"), &[]), 404);
        }
        assert_problem(&server.get(&format!("/scans/{session}/report.xlsx"), &[]), 404);
        assert_problem(&server.get(&format!("/scans/{session}/files/0"), &[]), 404);
    }
    for query in
        ["limit=0", "limit=201", "limit=-1", "limit=x", "cursor=", "cursor=x", "cursor=1.1", "cursor=1.x.y"]
    {
        assert_problem(&server.get(&format!("/api/scans?{query}"), &[]), 400);
    }
    for (method, path) in [("POST", "/api/health"), ("DELETE", "/api/scans"), ("GET", "/api/tickets")] {
        let answer = server.send(method, path, &[], b"");
        assert_problem(&answer, 405);
        assert!(answer.header("allow").is_some(), "{method} {path}");
    }
    assert_problem(&server.get("/api/config", &[("Host", "evil.example")]), 403);
    assert_problem(&server.get("/api/config", &[("Origin", "http://evil.example")]), 403);
    assert_eq!(server.get("/api/health", &[]).status, 200);
}

#[test]
fn a_ticket_opens_one_socket_once() {
    let (_dir, server) = server();
    let answer = server.send("POST", "/api/tickets", &[], b"");
    assert_eq!(answer.status, 201);
    let ticket = answer.json()["ticket"].as_str().expect("a ticket").to_owned();
    assert_eq!(ticket.len(), 32);
    let other = server.send("POST", "/api/tickets", &[], b"").json()["ticket"].clone();
    assert_ne!(json!(ticket), other);

    let mut socket = Socket::try_open(&server, &format!("/ws?ticket={ticket}"), &[]).expect("let in");
    socket.send(&json!({ "action": "ping" }));
    assert_eq!(socket.next().body, riffle_contracts::FrameBody::Pong);
    for wrong in [&*ticket, "", "0123456789abcdef0123456789abcdef", "%00", &"9".repeat(5_000)] {
        let refused = Socket::try_open(&server, &format!("/ws?ticket={wrong}"), &[]).err();
        assert_eq!(refused, Some(401), "{wrong}");
    }
    assert!(Socket::try_connect(&server, &[]).is_ok(), "on one machine no ticket is needed");
}

#[test]
fn a_ticket_outlives_a_restart() {
    let (dir, server) = server();
    let ticket = server.send("POST", "/api/tickets", &[], b"").json()["ticket"].as_str().map(str::to_owned);
    server.kill();
    let server = Server::start(&dir.path().join("state"), &[]);
    let path = format!("/ws?ticket={}", ticket.expect("a ticket"));
    assert!(Socket::try_open(&server, &path, &[]).is_ok());
    assert_eq!(Socket::try_open(&server, &path, &[]).err(), Some(401));
}

#[test]
fn a_socket_past_its_age_is_closed_as_the_gateway_does() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &["--socket-max-age", "1"]);
    assert_eq!(server.get("/api/config", &[]).json()["socket"]["max_age_seconds"], 1);
    let mut socket = Socket::connect(&server);
    assert_eq!(socket.closed(), Some(1001));
    assert!(Socket::try_connect(&server, &[]).is_ok(), "and may reconnect");
}

#[test]
fn the_description_has_every_route_and_the_messages_of_the_socket() {
    let (_dir, server) = server();
    let answer = server.get("/api/openapi.json", &[]);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let description = answer.json();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let schemas = description["components"]["schemas"].as_object().expect("schemas");
    for name in ["Action", "Frame", "Problem", "ScanDetail", "CodePage", "Evidence"] {
        assert!(schemas.contains_key(name), "{name}");
    }
    // Every referenced schema exists.
    let text = String::from_utf8(answer.body).expect("text");
    let referred: BTreeSet<&str> =
        text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for name in referred {
        assert!(schemas.contains_key(name), "{name} is referenced, but missing");
    }
    for path in description["paths"].as_object().expect("paths").keys().filter(|path| !path.contains('{')) {
        let status = server.get(path, &[]).status;
        assert!(status == 200 || status == 405, "{path} is described and answers {status}");
    }
    let page = server.get("/api/docs", &[]);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    let text = String::from_utf8(page.body).expect("text");
    assert!(text.contains("/api/scans") && !text.contains("<script"), "the page can be read without scripts");
}
