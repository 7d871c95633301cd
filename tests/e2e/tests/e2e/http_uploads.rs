//! Files and lists of codes sent over HTTP, and their results.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::TcpStream;

use riffle_contracts::{FrameBody, Receipt};
use serde_json::{Value, json};

use crate::http::{assert_problem, server};
use crate::server::{HttpResponse, Server};
use crate::socket::Socket;

pub fn create(server: &Server) -> String {
    let answer = server.post("/api/uploads", &json!({}));
    assert_eq!(answer.status, 201);
    answer.json()["upload_id"].as_str().expect("an id").to_owned()
}

pub fn declare(server: &Server, upload: &str, first: u32, files: &[(&str, usize)]) -> HttpResponse {
    let files: Vec<Value> = files.iter().map(|(name, size)| json!({ "name": name, "size": size })).collect();
    server.post(&format!("/api/uploads/{upload}/files"), &json!({ "first": first, "files": files }))
}

/// Sends the form that a page would send.
pub fn send_form(server: &Server, single: &Value, content: &[u8]) -> HttpResponse {
    assert_eq!((&single["kind"], &single["method"]), (&json!("single"), &json!("POST")));
    let mut body = Vec::new();
    for (name, value) in single["fields"].as_object().expect("fields") {
        let value = value.as_str().expect("text");
        body.extend(
            format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    let file = "--part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\n";
    body.extend(file.bytes());
    body.extend(content);
    body.extend(b"\r\n--part--\r\n");
    let kind = [("Content-Type", "multipart/form-data; boundary=part")];
    server.send("POST", single["url"].as_str().expect("an address"), &kind, &body)
}

/// Sends all parts; returns the request that completes them.
fn send_parts(server: &Server, parts: &Value, content: &[u8]) -> Value {
    assert_eq!(parts["kind"], "parts");
    let size = usize::try_from(parts["part_bytes"].as_u64().expect("a size")).expect("a size");
    let pieces = content.chunks(size);
    let targets = parts["parts"].as_array().expect("parts");
    assert_eq!(targets.len(), pieces.len());
    let sent = targets.iter().zip(pieces).map(|(target, piece)| {
        let answer = server.send("PUT", target["url"].as_str().expect("an address"), &[], piece);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        json!({ "number": target["number"], "etag": answer.header("etag").expect("an ETag") })
    });
    json!({ "parts": sent.collect::<Vec<_>>() })
}

pub fn target(answer: &HttpResponse, place: usize) -> Value {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["files"][place]["upload"].clone()
}

/// The frames of a scan of an upload.
struct UploadScan {
    session: String,
    /// File and code.
    found: BTreeSet<(String, String)>,
    failed: Vec<(String, String)>,
    receipt: Receipt,
}

fn scan(server: &Server, fields: &Value) -> UploadScan {
    let mut socket = Socket::connect(server);
    let mut action = json!({ "action": "start_scan", "target_hole_codes": ["HOLE-1"] });
    action.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
    socket.send(&action);
    let (mut found, mut failed) = (BTreeSet::new(), Vec::new());
    loop {
        let frame = socket.next();
        match frame.body {
            FrameBody::MatchFound { data, .. } => {
                found.insert((data.file_name, data.hole_code));
            }
            FrameBody::FileFailed { data, .. } => failed.push((data.file_name, data.reason)),
            FrameBody::Complete { receipt, .. } => {
                return UploadScan { session: frame.session_id.expect("a session"), found, failed, receipt };
            }
            FrameBody::Error { message, .. } => panic!("{message}"),
            _ => {}
        }
    }
}

fn hole(name: &str) -> (String, String) {
    (name.to_owned(), "HOLE-1".to_owned())
}

#[test]
fn uploaded_files_are_scanned_under_the_names_they_were_given() {
    let (dir, server) = server();
    let long = format!("{}.txt", "l".repeat(1_000));
    let names = [
        "a.txt",
        "dir/b.txt",
        "../../../etc/passwd",
        "/etc/shadow",
        "..\\..\\x.txt",
        "nul\u{0}l.txt",
        "\u{202e}fdp.txt",
        "=cmd|' /C calc'!A0",
        "C:\\con.txt",
        &long,
        "漢字 und Ümläute\n.txt",
        "a.txt",
        "missing.txt",
    ];
    let content = b"here is HOLE-1 once\n";
    let upload = create(&server);
    let files: Vec<(&str, usize)> = names.iter().map(|name| (*name, content.len())).collect();
    let targets = declare(&server, &upload, 0, &files);
    for place in 0..names.len() - 1 {
        let answer = send_form(&server, &target(&targets, place), content);
        assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
        assert!(answer.header("etag").is_some());
    }
    let status = server.get(&format!("/api/uploads/{upload}"), &[]).json();
    assert_eq!((&status["files"], &status["received"]), (&json!(13), &json!(12)));
    assert_eq!(status["missing"], json!([12]));
    assert!(!dir.path().join("x").exists() && !dir.path().join("etc").exists());

    let finished = scan(&server, &json!({ "upload_id": upload }));
    let wanted: BTreeSet<_> = names[..12].iter().map(|name| hole(name)).collect();
    assert_eq!(finished.found, wanted);
    assert_eq!(finished.failed.len(), 1, "{:?}", finished.failed);
    assert_eq!(finished.failed[0].0, "missing.txt");
    assert!(finished.failed[0].1.contains("was not uploaded"), "{:?}", finished.failed);
    assert_eq!(finished.receipt.files, 13);
    let file = server.get(&format!("/scans/{}/files/2", finished.session), &[]);
    assert_eq!((file.status, &*file.body), (200, &content[..]));
    assert!(file.header("content-disposition").is_some_and(|how| how.starts_with("attachment")));
    assert_eq!(server.get(&format!("/scans/{}/files/12", finished.session), &[]).status, 404);

    // The missing file is uploaded later: a retry reads only this file.
    assert_eq!(send_form(&server, &target(&targets, 12), content).status, 204);
    let again = scan(&server, &json!({ "retry_of": finished.session, "target_hole_codes": [] }));
    assert_eq!((again.failed, again.found), (Vec::new(), BTreeSet::from([hole("missing.txt")])));
    let all = server.get(&format!("/api/scans/{}/matches", again.session), &[]).json();
    assert_eq!(all["matches"].as_array().map(Vec::len), Some(13));
}

/// 20 MB in parts, one of them sent twice, with the server killed in between.
#[test]
fn a_large_file_comes_in_parts_and_a_kill_in_between_costs_one_of_them() {
    let (dir, server) = server();
    let mut content = Vec::with_capacity(20_000_000);
    for line in 0.. {
        writeln!(content, "line {line} of a long file without anything in it").expect("memory");
        if content.len() > 19_999_900 {
            break;
        }
    }
    content.extend(b"and at the end HOLE-1\n");
    let upload = create(&server);
    let files = [("large.txt", content.len())];
    let parts = target(&declare(&server, &upload, 0, &files), 0);
    assert_eq!(parts["parts"].as_array().map(Vec::len), Some(3));

    // The server is killed after half of a part.
    let url = parts["parts"][0]["url"].as_str().expect("an address").to_owned();
    let mut broken = TcpStream::connect(&server.address).expect("the server is reachable");
    let head = format!("PUT {url} HTTP/1.1\r\nHost: {}\r\nContent-Length: 8388608\r\n\r\n", server.address);
    broken.write_all(head.as_bytes()).expect("a request");
    broken.write_all(&content[..4_000_000]).expect("half of a part");
    let second = parts["parts"][1]["url"].as_str().expect("an address");
    let piece = &content[8_388_608..16_777_216];
    assert_eq!(server.send("PUT", second, &[], piece).status, 200);
    server.kill();

    let server = Server::start(&dir.path().join("state"), &[]);
    let completing = format!("/api/uploads/{upload}/files/0/complete");
    let status = server.get(&format!("/api/uploads/{upload}"), &[]).json();
    assert_eq!((&status["received"], &status["missing"]), (&json!(0), &json!([0])));
    // The old addresses are still valid, and declaring the file again continues the same upload.
    let again = target(&declare(&server, &upload, 0, &files), 0);
    let path = |parts: &Value| {
        parts["parts"][1]["url"].as_str().and_then(|url| url.split('?').next()).map(str::to_owned)
    };
    assert_eq!(path(&again), path(&parts));
    let sent = send_parts(&server, &parts, &content);
    let mut missing = sent.clone();
    missing["parts"].as_array_mut().expect("parts").pop();
    assert_problem(&server.post(&completing, &missing), 409);
    let mut swapped = sent.clone();
    swapped["parts"].as_array_mut().expect("parts").swap(0, 1);
    assert_problem(&server.post(&completing, &swapped), 409);
    let mut wrong = sent.clone();
    wrong["parts"][1]["etag"] = json!("\"0\"");
    assert_problem(&server.post(&completing, &wrong), 409);
    assert_eq!(server.post(&completing, &sent).status, 204);
    assert_eq!(server.post(&completing, &sent).status, 204, "a repeat is harmless");
    let status = server.get(&format!("/api/uploads/{upload}"), &[]).json();
    assert_eq!((&status["received"], &status["missing"]), (&json!(1), &json!([])));

    let finished = scan(&server, &json!({ "upload_id": upload }));
    assert_eq!((finished.found, finished.failed), (BTreeSet::from([hole("large.txt")]), Vec::new()));
    let file = server.get(&format!("/scans/{}/files/0", finished.session), &[]);
    assert!(
        file.body == content,
        "the downloaded file differs from the uploaded one; it has {} bytes",
        file.body.len()
    );
}

#[test]
fn declaring_again_is_the_same_and_declaring_otherwise_a_conflict() {
    let (_dir, server) = server();
    let upload = create(&server);
    let answers: Vec<HttpResponse> = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| declare(&server, &upload, 0, &[("a", 5), ("b", 20_000_000)])))
            .collect();
        calls.into_iter().map(|call| call.join().expect("an answer")).collect()
    });
    let begun = |answer: &HttpResponse| {
        let parts = target(answer, 1);
        let url = parts["parts"][0]["url"].as_str().expect("an address").to_owned();
        url.split('?').next().map(str::to_owned)
    };
    for answer in &answers {
        assert_eq!(begun(answer), begun(&answers[0]), "eight concurrent requests begin the same file");
    }
    assert_problem(&declare(&server, &upload, 0, &[("a", 6)]), 409);
    assert_problem(&declare(&server, &upload, 7, &[("a", 6)]), 422);
    assert_problem(&declare(&server, &upload, 100_000, &[("a", 6)]), 422);
    assert_problem(&declare(&server, &upload, 1_000, &[]), 422);
    assert_problem(&declare(&server, &upload, 1_000, &[("", 1)]), 422);
    assert_problem(&declare(&server, &upload, 1_000, &[(&"n".repeat(1_025), 1)]), 422);
    assert_problem(&declare(&server, &upload, 1_000, &[("a", 600_000_000)]), 422);
    assert_problem(&declare(&server, &upload, 1_000, &vec![("a", 1); 1_001]), 422);
    assert_eq!(declare(&server, &upload, 1_000, &vec![("a", 1); 1_000]).status, 200);

    let complete = format!("/api/uploads/{upload}/files/0/complete");
    assert_problem(&server.post(&complete, &json!({ "parts": [] })), 422);
    for (number, etag) in [(0, "e"), (10_001, "e"), (1, ""), (1, &*"e".repeat(1_025))] {
        let parts = json!({ "parts": [{ "number": number, "etag": etag }] });
        assert_problem(&server.post(&complete, &parts), 422);
    }
    assert_problem(&server.post(&complete, &json!({ "parts": [{ "number": 1, "etag": "e" }] })), 409);
    for missing in ["2", "999999", "99999999"] {
        let path = format!("/api/uploads/{upload}/files/{missing}/complete");
        assert_problem(&server.post(&path, &json!({ "parts": [] })), 404);
    }
    for nobodys in ["nobodys", "../x", "%2e%2e%2fx", "0123456789abcdef0123456789abcdef", "%00"] {
        assert_problem(&server.get(&format!("/api/uploads/{nobodys}"), &[]), 404);
        assert_problem(&declare(&server, nobodys, 0, &[("a", 1)]), 404);
    }
}

#[test]
fn bodies_that_are_none_are_refused_each_in_its_way() {
    let (_dir, server) = server();
    let upload = create(&server);
    let path = format!("/api/uploads/{upload}/files");
    let json = [("Content-Type", "application/json")];
    assert_problem(&server.send("POST", &path, &[], b"{}"), 415);
    assert_problem(&server.send("POST", &path, &json, b"{"), 400);
    assert_problem(&server.send("POST", &path, &json, b"{}"), 422);
    assert_problem(&server.send("POST", &path, &json, b"{\"first\":-1,\"files\":[]}"), 422);
    assert_problem(&server.send("POST", &path, &json, &vec![b' '; 9 << 20]), 413);
    assert_eq!(server.get("/api/health", &[]).status, 200);
}

#[test]
fn only_what_was_declared_is_taken() {
    let (_dir, server) = server();
    let upload = create(&server);
    let single = target(&declare(&server, &upload, 0, &[("a.txt", 5), ("b.txt", 5)]), 0);
    assert_problem(&send_form(&server, &single, b"1234"), 413);
    assert_problem(&send_form(&server, &single, b"123456"), 413);
    for (field, value) in [
        ("size", "6"),
        ("expires", "99999999999"),
        ("signature", "00"),
        ("signature", &"0".repeat(64)),
        ("key", "uploaded/0123456789abcdef0123456789abcdef/files/0000000"),
        ("key", "../../state.sqlite"),
    ] {
        let mut forged = single.clone();
        forged["fields"][field] = json!(value);
        assert_problem(&send_form(&server, &forged, b"123456"), 403);
    }
    let mut bare = single.clone();
    bare["fields"] = json!({});
    assert_problem(&send_form(&server, &bare, b"12345"), 400);
    assert_problem(&server.send("PUT", "/storage/parts/x/1?size=1&expires=1&signature=x", &[], b"1"), 403);
    let status = server.get(&format!("/api/uploads/{upload}"), &[]).json();
    assert_eq!(status["received"], 0, "the refused parts are removed");
    assert_eq!(send_form(&server, &single, b"12345").status, 204);
    assert_eq!(send_form(&server, &single, b"54321").status, 204, "a repeated upload replaces the file");
    let foreign = [("Origin", "http://evil.example"), ("Content-Type", "multipart/form-data; boundary=part")];
    assert_eq!(server.send("POST", "/storage/files", &foreign, b"").status, 403);
}

fn understand(server: &Server, name: &str, content: &[u8]) -> HttpResponse {
    server.send("POST", &format!("/api/codes?name={name}"), &[("Content-Type", "text/plain")], content)
}

#[test]
fn a_list_of_codes_is_understood_before_it_is_used() {
    let (dir, server) = server();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Collars").expect("a name");
    for (row, (id, depth)) in [
        ("Hole ID", "Depth"),
        ("HOLE-1", "1.5"),
        ("hole 1", "2"),
        ("HOLE\u{2013}1", "2"),
        ("-", "3"),
        ("HOLE-2", "4"),
    ]
    .iter()
    .enumerate()
    {
        let row = u32::try_from(row).expect("a row");
        sheet.write_string(row, 2, *id).expect("a cell").write_string(row, 0, *depth).expect("a cell");
    }
    let content = book.save_to_buffer().expect("a workbook");
    let answer = understand(&server, "Codes%20list.xlsx", &content);
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let finished = answer.json();
    assert_eq!((&finished["column"], &finished["sheet"]), (&json!("C"), &json!("Collars")));
    assert_eq!(finished["codes"], json!(["HOLE-1", "hole 1", "HOLE-2"]));
    assert_eq!(
        (&finished["total"], &finished["duplicates"], &finished["left_out_total"]),
        (&json!(3), &json!(1), &json!(1))
    );
    assert_eq!(finished["left_out"][0]["text"], "-");
    assert_eq!(understand(&server, "x", &content).json()["codes_key"], finished["codes_key"], "by content");

    let plans = dir.path().join("plans");
    std::fs::create_dir(&plans).expect("a folder");
    std::fs::write(plans.join("plan.txt"), "HOLE-2 is here\n").expect("a file");
    let fields = json!({ "folders": [plans], "codes_key": finished["codes_key"], "target_hole_codes": [] });
    let scanned = scan(&server, &fields);
    assert_eq!(scanned.found, BTreeSet::from([("plan.txt".to_owned(), "HOLE-2".to_owned())]));
    let codes = server.get(&format!("/api/scans/{}/codes", scanned.session), &[]).json();
    assert_eq!(codes["counts"], json!({ "found": 1, "absent": 2, "unknown": 0, "pending": 0 }));

    let pasted = understand(&server, "", b"A-1, A-2\nA-1").json();
    assert_eq!(
        (&pasted["total"], &pasted["duplicates"], &pasted["column"]),
        (&json!(2), &json!(1), &Value::Null)
    );
    for (name, content) in
        [("a.txt", &b""[..]), ("a.txt", b"-\n-"), ("a.pdf", b"%PDF-1.7 none"), ("a.zip", b"PK\x03\x04")]
    {
        let problem = assert_problem(&understand(&server, name, content), 422);
        assert_eq!(problem["type"], "/problems/no-codes");
    }
    assert_problem(&understand(&server, "big.txt", &vec![b'a'; 5_000_001]), 413);
    let many = (0..50_001).map(|number| format!("H-{number}")).collect::<Vec<_>>().join("\n");
    assert_problem(&understand(&server, "many.txt", many.as_bytes()), 422);
}

#[test]
fn a_scan_of_an_upload_or_codes_that_are_not_there_is_refused() {
    let (_dir, server) = server();
    let mut socket = Socket::connect(&server);
    for fields in [
        json!({ "upload_id": "0123456789abcdef0123456789abcdef" }),
        json!({ "upload_id": "../x" }),
        json!({ "folders": ["/tmp"], "codes_key": "uploads/local/codes/0123" }),
        json!({ "folders": ["/tmp"], "codes_key": "uploads/local/codes/../../x" }),
        json!({ "folders": ["/tmp"], "codes_key": "uploads/other/codes/0123" }),
    ] {
        let mut action = json!({ "action": "start_scan", "target_hole_codes": ["A-1"] });
        action.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        assert_eq!(socket.refused(&action.to_string())["code"], "BAD_REQUEST", "{fields}");
    }
}

#[test]
fn lists_made_to_be_expensive_are_refused_or_read_within_their_limits() {
    let (_dir, server) = server();
    // A PDF parser would take minutes to open it, because its time grows with the square of the size.
    let slow = [b"%PDF-1.7\n".to_vec(), b"<<".repeat(1_000_000)].concat();
    let problem = assert_problem(&understand(&server, "codes.csv", &slow), 422);
    assert!(
        problem["detail"].as_str().is_some_and(|detail| detail.contains("it is a PDF file")),
        "{problem}"
    );

    // A million cells in 2 MB: eight lists at the same time.
    let cells = "A1;".repeat(24).trim_end_matches(';').to_owned() + "\n";
    let cells = cells.repeat(2_000_000 / cells.len());
    std::thread::scope(|scope| {
        let answers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| understand(&server, "cells.csv", cells.as_bytes()).status))
            .collect();
        for answer in answers {
            assert_eq!(answer.join().expect("an answer"), 200);
        }
    });
    let peak = server.peak_memory();
    assert!(peak < 500 << 20, "{} MB", peak >> 20);
}
