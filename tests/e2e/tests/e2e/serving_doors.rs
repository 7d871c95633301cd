//! Who is let in to `riffle serve`.

use crate::process::run;
use crate::samples::text;
use crate::server::Server;
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

    // The page asks for it, and a browser keeps it in a cookie no script reads.
    let entered = server.get(&format!("/?token={TOKEN}"), &[]);
    assert_eq!((entered.status, entered.header("location")), (303, Some("/")));
    let cookie = entered.header("set-cookie").expect("a cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let cookie = cookie.split(';').next().expect("name and value");
    assert_eq!(server.get("/", &[("Cookie", cookie)]).status, 200);
    assert_eq!(server.get("/?token=wrong", &[]).status, 401);
    // Knowing it does not let another site's page in.
    let foreign = [("Authorization", &*bearer), ("Origin", "http://evil.example")];
    assert_eq!(server.get("/api/scans", &foreign).status, 403);
}

#[test]
fn wider_than_this_machine_needs_a_token_worth_the_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let state = dir.path().join("state");
    let serve = |more: &[&str]| run(["serve", "--state", text(&state)].iter().chain(more));
    let ended = serve(&["--listen", "0.0.0.0:0"]);
    assert!(ended.refusal().contains("RIFFLE_TOKEN"), "{}", ended.err);
    let ended = serve(&["--listen", "0.0.0.0:0", "--token", "short"]);
    assert!(ended.refusal().contains("16"), "{}", ended.err);
    let taken = Server::start(&state, &[]);
    let ended = serve(&["--listen", &taken.address]);
    assert!(ended.refusal().contains("--listen"), "{}", ended.err);
}
