//! The dashboard that was built into this program.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

/// The output of `scripts/dashboard`: each file, and next to it the same file compressed with gzip. Empty if it was not
/// built.
#[derive(RustEmbed)]
#[folder = "../dashboard/dist"]
#[allow_missing = true]
struct Dashboard;

/// Scripts, styles and pictures come only from this server; inline styles are allowed because they position the rows.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";
const NOT_BUILT: &str = "<!doctype html><html lang=en><title>Riffle</title><h1>The page was not built</h1>\
                         <p>This program was compiled without its page. Run <code>scripts/dashboard</code>, then \
                         compile it again; or use <code>riffle scan</code>. The API is described at \
                         <a href=/api/docs>/api/docs</a>.";

/// The first segments of paths that are not pages.
const OTHERS: [&str; 4] = ["api", "assets", "storage", "ws"];

/// Whether this program was compiled with its page.
pub fn is_built() -> bool {
    Dashboard::get("index.html").is_some()
}

/// Whether a path may be a page for people rather than an address for programs. Which pages exist only the page itself
/// knows.
pub fn is_address(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match parts[..] {
        // A report or a file of a scan.
        [] | ["scans", _, "report.xlsx"] | ["scans", _, "files", ..] => false,
        [first, ..] => !OTHERS.contains(&first) && !path.contains('.'),
    }
}

/// Whether this request is answered with the page: always at the root, and elsewhere if the request accepts HTML, as a
/// browser's does.
pub fn is_wanted(path: &str, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    path == "/" || (is_address(path) && accepted.is_some_and(|accepted| accepted.contains("text/html")))
}

/// Returns the one document for all addresses of the page.
pub fn document(headers: &HeaderMap) -> Response {
    let mut answer = match file("index.html", headers) {
        Some(answer) => answer,
        None => (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response(),
    };
    let own = answer.headers_mut();
    own.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // It names the other files: an outdated document would request files that no longer exist.
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// Returns a file whose name changes with its content.
pub async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    kept(&format!("assets/{path}"), "public, max-age=31536000, immutable", &headers)
}

pub async fn icon(headers: HeaderMap) -> Response {
    kept("icon.svg", "public, max-age=86400", &headers)
}

fn kept(path: &str, how_long: &'static str, headers: &HeaderMap) -> Response {
    let Some(mut answer) = file(path, headers) else {
        return (StatusCode::NOT_FOUND, "File not found; reload the page.").into_response();
    };
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(how_long));
    answer
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let packed = takes_gzip(headers).then(|| Dashboard::get(&format!("{path}.gz"))).flatten();
    let encoding = packed.is_some().then_some("gzip");
    let found = packed.or_else(|| Dashboard::get(path))?;
    let digest = found.metadata.sha256_hash();
    let tag =
        HeaderValue::try_from(format!("\"{:032x}\"", u128::from_be_bytes(*digest.first_chunk()?))).ok()?;
    let mut answer = if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind(path))], found.data.into_owned()).into_response()
    };
    let own = answer.headers_mut();
    own.insert(header::ETAG, tag);
    own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    Some(answer)
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.split(',').any(|one| one.trim() == "gzip"))
}

fn kind(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_what_programs_ask_for() {
        for (path, page) in [
            ("/", true),
            ("/scans", true),
            ("/scans/0123", true),
            ("/scans/0123/report.xlsx", false),
            ("/scans/0123/files/0", false),
            ("/statements/files", true),
            ("/statements/files/0123", true),
            ("/statements/transactions", true),
            ("/failed-items", true),
            ("/nothing", true),
            ("/api/statements/files", false),
            ("/api/scans", false),
            ("/assets/a.js", false),
            ("/icon.svg", false),
            ("/storage/files", false),
            ("/ws", false),
        ] {
            assert_eq!(is_address(path), page, "{path}");
        }
    }

    #[test]
    fn only_a_browser_gets_the_page_where_nothing_else_is() {
        let program = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("*/*"))]);
        let browser =
            HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"))]);
        for (path, headers, wanted) in [
            ("/", &HeaderMap::new(), true),
            ("/scans/0123", &HeaderMap::new(), false),
            ("/nothing", &program, false),
            ("/nothing", &browser, true),
            ("/scans/0123", &browser, true),
            ("/scans/0123/files/0", &browser, false),
            ("/api/docs", &browser, false),
        ] {
            assert_eq!(is_wanted(path, headers), wanted, "{path}");
        }
    }
}
