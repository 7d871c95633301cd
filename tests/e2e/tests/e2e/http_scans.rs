//! Scans over HTTP: the list, single scans, their matches, their failures, and the state of each code.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use riffle_contracts::{FoundMatch, FrameBody, Listed};
use serde_json::{Value, json};

use crate::http::{assert_problem, server};
use crate::report::OpenedReport;
use crate::samples::Samples;
use crate::server::Server;
use crate::socket::{FollowedSession, Socket};

/// Scans a folder for these codes and waits for the end; returns the session.
fn scan(server: &Server, folder: &Path, codes: &[&str], request: &str) -> String {
    let mut socket = Socket::connect(server);
    socket.send(&json!({
        "action": "start_scan",
        "request_id": request,
        "folders": [folder],
        "target_hole_codes": codes,
    }));
    loop {
        let frame = socket.next();
        if matches!(frame.body, FrameBody::Complete { .. }) {
            return frame.session_id.expect("a session's frame");
        }
    }
}

/// Returns all pages of a list, requested with `limit` entries each.
fn pages(server: &Server, path: &str, list: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = None;
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let from = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = server.get(&format!("{path}{join}limit={limit}{from}"), &[]).json();
        let items = page[list].as_array().unwrap_or_else(|| panic!("{list} in {page}"));
        assert!(items.len() <= limit, "a page of {limit}");
        all.extend(items.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return all,
        }
    }
}

fn folder_of_texts(dir: &Path) -> std::path::PathBuf {
    let folder = dir.join("plans");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, text) in
        [("a.txt", "HOLE-1 here\nHOLE-1 there\n"), ("b.txt", "HOLE-2 HOLE-1\n"), ("c.txt", "-")]
    {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

#[test]
fn a_finished_session_is_told_whole() {
    let (dir, server) = server();
    let folder = folder_of_texts(dir.path());
    std::fs::write(folder.join("broken.pdf"), "%PDF-1.7 nothing").expect("a file");
    let session = scan(&server, &folder, &["HOLE-1", "HOLE-2", "HOLE-3"], "one");

    let detail = server.get(&format!("/api/scans/{session}"), &[]).json();
    assert_eq!(detail["session_id"], session.as_str());
    assert_eq!((&detail["state"], &detail["detail"]), (&json!("done"), &json!("complete")));
    for (field, value) in [("total", 4), ("processed", 4), ("failed", 1), ("matches", 4), ("codes", 3)] {
        assert_eq!(detail[field], value, "{field}");
    }
    assert_eq!(detail["source"], json!(folder));
    assert_eq!(detail["options"], json!({ "match": "token", "ocr": "off" }));
    assert_eq!((&detail["receipt"]["files"], &detail["unread_files"]), (&json!(4), &json!(1)));
    for field in ["created_at", "started_at", "finished_at", "download_url"] {
        assert!(detail[field].is_string(), "{field} in {detail}");
    }
    let listed = server.get("/api/scans", &[]).json();
    assert_eq!(listed["next_cursor"], Value::Null);
    for (field, value) in listed["scans"][0].as_object().expect("an overview") {
        assert_eq!(value, &detail[field], "{field}");
    }

    let failures = pages(&server, &format!("/api/scans/{session}/failures"), "failures", 1);
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0]["data"]["file_name"], "broken.pdf");
    assert!(failures[0]["data"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));

    let codes = format!("/api/scans/{session}/codes");
    let page = server.get(&codes, &[]).json();
    assert_eq!(page["counts"], json!({ "found": 2, "absent": 0, "unknown": 1, "pending": 0 }));
    assert_eq!(
        page["codes"],
        json!([
            { "code": "HOLE-1", "state": "found", "files": 2, "matches": 3, "unread_files": 0 },
            { "code": "HOLE-2", "state": "found", "files": 1, "matches": 1, "unread_files": 0 },
            { "code": "HOLE-3", "state": "unknown", "files": 0, "matches": 0, "unread_files": 1 },
        ])
    );
    assert_eq!(pages(&server, &codes, "codes", 1), *page["codes"].as_array().expect("codes"));
    let found = pages(&server, &format!("{codes}?state=found"), "codes", 1);
    assert_eq!(found.len(), 2);
    assert_eq!(pages(&server, &format!("{codes}?state=absent"), "codes", 9), Vec::<Value>::new());
    assert_problem(&server.get(&format!("{codes}?state=lost"), &[]), 400);
    assert_problem(&server.get(&format!("{codes}?cursor=x"), &[]), 400);

    let evidence = format!("/api/scans/{session}/matches");
    let first = server.get(&format!("{evidence}/0-0/evidence"), &[]).json();
    assert_eq!((&first["hole_code"], &first["kind"]), (&json!("HOLE-1"), &json!("text")));
    assert_eq!(first["file_name"], "a.txt");
    assert!(first["snippet"].as_str().is_some_and(|text| text.contains("here")), "{first}");
    assert!(first["why"].is_string() && first["image_url"].is_null(), "{first}");
    for nothing in ["9-0", "0-9", "x", "0", "-1-0", "0-0-0", "99999999999-0"] {
        assert_problem(&server.get(&format!("{evidence}/{nothing}/evidence"), &[]), 404);
    }
}

/// The codes over HTTP equal those of the report.
#[test]
fn codes_and_matches_are_those_of_the_report() {
    let samples = Samples::make(120, 61);
    let server = Server::start(&samples.at("state"), &[]);
    let mut codes: Vec<&str> = samples.key.codes.iter().map(String::as_str).collect();
    codes.push("NOT-THERE-1");
    let session = scan(&server, &samples.at("drawings"), &codes, "one");

    let base = format!("/api/scans/{session}");
    let small: Vec<Listed> = pages(&server, &format!("{base}/matches"), "matches", 7)
        .into_iter()
        .map(|listed| serde_json::from_value(listed).expect("a match"))
        .collect();
    let found: BTreeMap<&str, &FoundMatch> =
        small.iter().map(|listed| (&*listed.match_id, &listed.data)).collect();
    assert_eq!(found.len(), small.len(), "each match is listed once");
    samples.assert_found(found.values().copied());
    // The order is that of the files, for every page size, and also over the socket.
    let large = pages(&server, &format!("{base}/matches"), "matches", 5_000);
    assert_eq!(serde_json::to_value(&small).expect("JSON"), json!(large));
    let mut known = FollowedSession::default();
    Socket::connect(&server).follow(&session, &mut known);
    assert_eq!(known.matches.len(), small.len());
    for (id, data) in &known.matches {
        assert_eq!(found.get(id.as_str()), Some(&data));
    }

    let mut report = OpenedReport::read(server.get(&format!("/scans/{session}/report.xlsx"), &[]).body);
    let results = report.table("Codes").pairs("Code", "Result");
    let results: BTreeSet<(String, String)> =
        results.into_iter().map(|(code, result)| (code, result.to_lowercase())).collect();
    let listed = pages(&server, &format!("{base}/codes"), "codes", 11);
    let text = |code: &Value, field: &str| code[field].as_str().expect("text").to_owned();
    let listed: BTreeSet<(String, String)> =
        listed.iter().map(|code| (text(code, "code"), text(code, "state"))).collect();
    assert_eq!(listed, results);
    let evidence = server.get(&format!("{base}/matches/{}/evidence", small[0].match_id), &[]).json();
    assert_eq!(evidence["page"], small[0].data.page.as_str());
}

#[test]
fn a_running_session_says_pending_and_never_absent() {
    let samples = Samples::make(600, 62);
    let server = Server::start(&samples.at("state"), &["--jobs", "1"]);
    let mut socket = Socket::connect(&server);
    socket.send(&json!({
        "action": "start_scan",
        "folders": [samples.drawings()],
        "target_hole_codes": samples.key.codes.iter().cloned().chain(["NOT-THERE-1".to_owned()]).collect::<Vec<_>>(),
    }));
    let session = loop {
        let frame = socket.next();
        if matches!(frame.body, FrameBody::MatchFound { .. }) {
            break frame.session_id.expect("a session's frame");
        }
    };
    let mut last = (0, 0);
    loop {
        let state = server.get(&format!("/api/scans/{session}"), &[]).json()["state"].clone();
        let page = server.get(&format!("/api/scans/{session}/codes?limit=5000"), &[]).json();
        let count = |name: &str| page["counts"][name].as_u64().expect("a count");
        let entries = page["codes"].as_array().expect("codes");
        assert_eq!(entries.len(), samples.key.codes.len() + 1);
        let matches: u64 = entries.iter().filter_map(|code| code["matches"].as_u64()).sum();
        assert!(count("found") >= last.0 && matches >= last.1, "found codes stay found");
        last = (count("found"), matches);
        if state == "done" {
            let found: BTreeSet<&str> = samples.key.matches.iter().map(|answer| &*answer.code).collect();
            assert_eq!((count("pending"), count("found")), (0, found.len() as u64));
            let detail = server.get(&format!("/api/scans/{session}"), &[]).json();
            assert_eq!(detail["matches"], matches);
            break;
        }
    }
}

#[test]
fn the_list_pages_from_the_newest_to_the_first() {
    let (dir, server) = server();
    let folder = folder_of_texts(dir.path());
    let made: Vec<String> =
        (0..5).map(|number| scan(&server, &folder, &["HOLE-1"], &format!("r{number}"))).collect();
    for limit in [1, 2, 5, 50] {
        let listed = pages(&server, "/api/scans", "scans", limit);
        let ids: Vec<&str> = listed.iter().filter_map(|session| session["session_id"].as_str()).collect();
        let newest_first: Vec<&str> = made.iter().rev().map(String::as_str).collect();
        assert_eq!(ids, newest_first, "{limit} at a time");
    }
    // A page shows the list as it was when its cursor was issued: a later scan is not on it.
    let first = server.get("/api/scans?limit=2", &[]).json();
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    scan(&server, &folder, &["HOLE-2"], "later");
    let second = server.get(&format!("/api/scans?limit=2&cursor={cursor}"), &[]).json();
    assert_eq!(second["scans"][0]["session_id"], made[2].as_str());
}
