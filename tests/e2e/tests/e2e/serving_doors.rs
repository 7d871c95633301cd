//! Access control of `riffle serve`.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::deadline::PATIENCE;
use crate::http::assert_problem;
use crate::process::run;
use crate::samples::text;
use crate::server::{HttpResponse, Server};
use crate::socket::Socket;

const TOKEN: &str = "0123456789abcdefABCD";

#[test]
fn this_machine_alone_is_let_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &[]);
    let page = server.get("/", &[]);
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(page.header("content-security-policy").is_some());
    let own = format!("http://{}", server.address);
    assert_eq!(server.get("/api/scans", &[("Origin", &own)]).status, 200);
    for path in ["/", "/api/scans", "/api/health", "/scans/x/report.xlsx", "/scans/x/files/0"] {
        for header in [
            ("Host", "evil.example"),
            ("Host", "evil.example:80"),
            ("Origin", "http://evil.example"),
            ("Origin", "null"),
        ] {
            assert_eq!(server.get(path, &[header]).status, 403, "{path} {header:?}");
        }
    }
    for header in [("host", "evil.example"), ("origin", "http://evil.example"), ("origin", "null")] {
        assert_eq!(Socket::try_connect(&server, &[header]).err(), Some(403), "{header:?}");
    }
    assert!(Socket::try_connect(&server, &[("origin", &own)]).is_ok());
    assert_eq!(server.get("/no/such/page", &[]).status, 404);
}

/// Returns the cookie of a browser that has just logged in.
fn cookie_of(answer: &HttpResponse) -> String {
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().expect("name and value").to_owned()
}

fn log_in(server: &Server, token: &str) -> HttpResponse {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    server.send("POST", "/login", &form, format!("token={token}").as_bytes())
}

#[test]
fn with_a_token_only_who_knows_it_is_let_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &["--token", TOKEN]);
    let bearer = format!("Bearer {TOKEN}");
    let wrong = bearer.replace('A', "B");
    for path in ["/", "/api/scans", "/api/health", "/scans/x/report.xlsx", "/scans/x/files/0"] {
        assert_eq!(server.get(path, &[]).status, 401, "{path}");
        assert_eq!(server.get(path, &[("Authorization", &wrong)]).status, 401, "{path}");
    }
    assert_eq!(server.get("/api/scans", &[("Authorization", &bearer)]).status, 200);
    assert_eq!(Socket::try_connect(&server, &[]).err(), Some(401));
    assert!(Socket::try_connect(&server, &[("authorization", &bearer)]).is_ok());

    // The page asks for the token, and the browser keeps a cookie that scripts cannot read and that is not the token.
    let asked = server.get("/", &[]);
    assert!(String::from_utf8_lossy(&asked.body).contains("action=\"/login\""));
    let entered = log_in(&server, TOKEN);
    assert_eq!((entered.status, entered.header("location")), (303, Some("/")));
    let cookie = cookie_of(&entered);
    assert!(!cookie.contains(TOKEN), "{cookie}");
    assert_eq!(server.get("/", &[("Cookie", &cookie)]).status, 200);
    let forged = format!("{}=99999999999.{}", cookie.split('=').next().expect("a name"), "0".repeat(64));
    assert_eq!(server.get("/", &[("Cookie", &forged)]).status, 401);
    assert_eq!(server.get(&format!("/?token={TOKEN}"), &[]).status, 401, "an address is seen and logged");
    // A valid token does not admit a page of another site.
    let foreign = [("Authorization", &*bearer), ("Origin", "http://evil.example")];
    assert_eq!(server.get("/api/scans", &foreign).status, 403);
    // After too many guesses even the right token is refused; a browser with a valid cookie stays admitted.
    let guesses =
        (0..100).map(|_| log_in(&server, "wrong").status).take_while(|status| *status == 401).count();
    assert!((1..50).contains(&guesses), "{guesses}");
    let refused = log_in(&server, TOKEN);
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    assert_eq!(server.get("/api/scans", &[("Authorization", &bearer)]).status, 429);
    assert_eq!(server.get("/api/scans", &[("Cookie", &cookie)]).status, 200);
}

#[test]
fn other_users_of_the_machine_are_strangers_unless_one_says_otherwise() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut server = Server::run(&["serve", "--listen", "127.0.0.1:0", "--state", text(&state)], &[]);
        let (address, token) = server.address.split_once("/#token=").expect("an address with a token");
        let token = token.to_owned();
        server.address = address.to_owned();
        assert!(token.len() >= 32, "{token}");
        for path in ["/", "/api/folders", "/api/scans"] {
            assert_eq!(server.get(path, &[]).status, 401, "{path}");
        }
        let bearer = format!("Bearer {token}");
        assert_eq!(server.get("/api/folders", &[("Authorization", &bearer)]).status, 200);
        let cookie = cookie_of(&log_in(&server, &token));
        assert!(!cookie.contains(&token), "{cookie}");
        assert_eq!(server.get("/api/folders", &[("Cookie", &cookie)]).status, 200);
        let port = server.address.clone();
        let checked = run(["doctor", "--state", text(&state), "--listen", &port]);
        assert!(checked.out.iter().any(|line| line.contains("riffle serve answers")), "{:?}", checked.out);
        tokens.push(token);
        server.stop();
    }
    assert_eq!(tokens[0], tokens[1], "the address stays valid");
    let open = Server::start(&dir.path().join("other"), &[]);
    assert_eq!(open.get("/api/folders", &[]).status, 200);
    assert!(
        open.output.iter().any(|line| line.starts_with("without a token, every user")),
        "{:?}",
        open.output
    );
}

#[test]
fn a_page_elsewhere_learns_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &[]);
    let sent =
        |site, mode, dest| [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", mode), ("Sec-Fetch-Dest", dest)];
    for path in ["/", "/icon.svg", "/api/folders", "/api/config", "/scans/x/report.xlsx"] {
        for headers in [
            sent("cross-site", "no-cors", "image"),
            sent("same-site", "no-cors", "script"),
            sent("cross-site", "navigate", "iframe"),
            sent("cross-site", "cors", "empty"),
        ] {
            assert_eq!(server.get(path, &headers).status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(
        server.get("/", &sent("cross-site", "navigate", "document")).status,
        200,
        "a link to the page"
    );
    assert_eq!(server.get("/api/folders", &sent("same-origin", "cors", "empty")).status, 200);
}

#[test]
fn every_answer_says_what_browsers_need_and_every_refusal_is_a_problem() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &["--token", TOKEN]);
    let bearer = format!("Bearer {TOKEN}");
    for (method, path, known, status) in [
        ("GET", "/", true, 200),
        ("GET", "/icon.svg", true, 200),
        ("GET", "/login.js", false, 200),
        ("GET", "/api/config", true, 200),
        ("GET", "/api/docs", true, 200),
        ("GET", "/api/openapi.json", true, 200),
        ("GET", "/api/scans", false, 401),
        ("GET", "/assets/none.js", true, 404),
        ("GET", "/nothing", true, 404),
        ("GET", "/api/nothing", true, 404),
        ("DELETE", "/api/config", true, 405),
        ("DELETE", "/icon.svg", true, 405),
        ("PUT", "/login", false, 405),
        ("POST", "/login", false, 415),
        ("GET", "/ws", true, 400),
        ("POST", "/storage/files", true, 400),
        ("PUT", "/storage/parts/x/one", true, 400),
        ("PUT", "/storage/parts/x/1", true, 400),
        ("GET", "/scans/x/files/0", true, 404),
    ] {
        let headers: &[(&str, &str)] = if known { &[("Authorization", &bearer)] } else { &[] };
        let answer = server.send(method, path, headers, b"");
        let of = format!("{method} {path}");
        assert_eq!(answer.status, status, "{of}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{of}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{of}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("default-src 'none'"), "{of}: {policy}");
        if status >= 400 {
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{of}");
            let problem = answer.json();
            assert_eq!(problem["status"], status, "{of}");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{of}: {problem}");
        }
    }
}

#[test]
fn half_sent_requests_leave_the_page_usable_and_are_dropped() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &[]);
    // More than the default limit of a process; the server has raised its own limit before.
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("more open files");
    let begin = |request: &str| {
        let mut stream = TcpStream::connect(&server.address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("half a request");
        stream
    };
    let mut half: Vec<TcpStream> = (0..1_000)
        .map(|number| begin(if number % 2 == 0 { "GET / HTTP/1.1\r\nHost: lo" } else { "" }))
        .collect();
    for _ in 0..20 {
        assert_eq!(server.get("/", &[]).status, 200);
        assert_eq!(server.get("/api/scans", &[]).status, 200);
    }
    let host = &server.address;
    half.push(begin(&format!(
        "POST /api/codes HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nHO"
    )));
    for mut stream in half {
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        // Closed, with or without an answer.
        match stream.read_to_end(&mut Vec::new()) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

/// A client without a token may only send a small form within a short time.
#[test]
fn a_login_is_small_and_quick() {
    let dir = tempfile::tempdir().expect("a folder");
    let server = Server::start(&dir.path().join("state"), &["--token", TOKEN]);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_problem(&server.send("POST", "/login", &form, &b"token=".repeat(1_000)), 413);

    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    let host = &server.address;
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: {}\r\nContent-Length: 1000\r\n\r\n",
        form[0].1
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream.set_read_timeout(Some(Duration::from_secs(1))).expect("a deadline");
    // One byte per second would otherwise last for a quarter of an hour.
    let mut answer = Vec::new();
    for _ in 0..60 {
        drop(stream.write_all(b"t"));
        let mut piece = [0; 512];
        if let Ok(read) = stream.read(&mut piece) {
            answer.extend_from_slice(&piece[..read]);
            break;
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn wider_than_this_machine_needs_a_token_worth_the_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let serve = |more: &[&str]| run(["serve", "--state", text(&state)].iter().chain(more));
    let ended = serve(&["--listen", "0.0.0.0:0", "--no-token"]);
    assert!(ended.refusal().contains("--no-token"), "{}", ended.err);
    let ended = serve(&["--listen", "0.0.0.0:0", "--token", "short"]);
    assert!(ended.refusal().contains("16"), "{}", ended.err);
    let taken = Server::start(&state, &[]);
    let ended = serve(&["--listen", &taken.address]);
    assert!(ended.refusal().contains("--listen"), "{}", ended.err);
}
