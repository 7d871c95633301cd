//! Who may come in. The platform reads every folder its user may read, so a page on another site, a name
//! that points to this machine, or a neighbour in the network must not reach it.

use std::net::SocketAddr;
use std::sync::Arc;

use api::Refusal;
use axum::extract::{Extension, Query, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use websocket_authorizer::is_from;

use crate::error::Problem;
use crate::serve::page;

const COOKIE: &str = "riffle_token";
const ASK: &str = include_str!("ask.html");

/// The rule for one server.
pub struct Guard {
    token: Option<String>,
}

#[derive(Deserialize)]
pub struct Given {
    token: Option<String>,
}

impl Guard {
    /// Refuses to be open to more than this machine without a token.
    pub fn new(listen: SocketAddr, token: Option<String>) -> Result<Self, Problem> {
        let token = token.filter(|token| !token.is_empty());
        if let Some(token) = &token
            && (token.len() < 16 || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            return Err(Problem::new("the token needs at least 16 letters and digits, and nothing else"));
        }
        if token.is_none() && !listen.ip().is_loopback() {
            return Err(Problem::new(format!(
                "listening on {listen} would open this machine's files to the network: give a token \
                 (RIFFLE_TOKEN) or listen on 127.0.0.1"
            )));
        }
        Ok(Self { token })
    }

    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(token) = &self.token else {
            return is_this_machine(headers);
        };
        let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
        let bearer = text(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let cookie = text(header::COOKIE).and_then(|cookies| {
            cookies.split("; ").find_map(|cookie| cookie.strip_prefix(COOKIE)?.strip_prefix('='))
        });
        [bearer, cookie].into_iter().flatten().any(|given| same(given, token))
    }
}

/// A page elsewhere whose name was pointed here has its own name in `Host`.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Takes the same time for every wrong token of one length.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// The origins of the page under the address that was asked for.
pub fn own_origins(headers: &HeaderMap) -> Vec<String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    ["http", "https"].map(|scheme| format!("{scheme}://{host}")).to_vec()
}

pub fn foreign_page() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "This address answers its own page only.")
}

/// Turns away what a page elsewhere asks for. Who connects to the WebSocket is asked by its authorizer.
pub async fn check_origin(request: Request, next: Next) -> Response {
    if is_from(request.headers(), &own_origins(request.headers())) {
        next.run(request).await
    } else {
        foreign_page().into()
    }
}

pub async fn check(
    Extension(guard): Extension<Arc<Guard>>,
    Query(given): Query<Given>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    if guard.knows(headers) {
        return next.run(request).await;
    }
    match &guard.token {
        None => Refusal::new(StatusCode::FORBIDDEN, "Use http://localhost or http://127.0.0.1.").into(),
        Some(token) if page::is_address(request.uri().path()) => match given.token {
            Some(given) if same(&given, token) => {
                let cookie = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/");
                ([(header::SET_COOKIE, cookie)], Redirect::to(request.uri().path())).into_response()
            }
            _ => (StatusCode::UNAUTHORIZED, Html(ASK)).into_response(),
        },
        Some(_) => {
            let detail = "A token is needed: open the page and enter it, or send it as a bearer token.";
            Refusal::new(StatusCode::UNAUTHORIZED, detail).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

    #[test]
    fn only_names_of_this_machine_reach_it() {
        for (host, own) in [
            ("localhost:8750", true),
            ("127.0.0.1", true),
            ("[::1]:8750", true),
            ("[::1]", true),
            ("evil.example:8750", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_this_machine(&headers(&[(header::HOST, host)])), own, "{host}");
        }
    }

    #[test]
    fn another_sites_page_is_turned_away() {
        let is_own_page = |headers: &HeaderMap| is_from(headers, &own_origins(headers));
        let from = |origin| headers(&[(header::HOST, "localhost:8750"), (header::ORIGIN, origin)]);
        assert!(is_own_page(&from("http://localhost:8750")));
        assert!(is_own_page(&from("https://localhost:8750")), "behind a proxy");
        assert!(!is_own_page(&from("http://localhost:9999")));
        assert!(!is_own_page(&from("null")));
        assert!(is_own_page(&headers(&[(header::HOST, "localhost:8750")])));
        assert!(!is_own_page(&headers(&[(header::ORIGIN, "http://localhost:8750")])));
        assert!(!is_own_page(&headers(&[(header::ORIGIN, "null")])));
    }

    #[test]
    fn wider_than_this_machine_needs_a_good_token() {
        let all = "0.0.0.0:1".parse().expect("an address");
        let own = "127.0.0.1:1".parse().expect("an address");
        assert!(Guard::new(all, None).is_err());
        assert!(Guard::new(all, Some(String::new())).is_err());
        assert!(Guard::new(all, Some("short".into())).is_err());
        assert!(Guard::new(own, None).is_ok());
        let guard = Guard::new(all, Some("0123456789abcdef".into())).expect("a good token");
        let host = (header::HOST, "localhost");
        assert!(!guard.knows(&headers(std::slice::from_ref(&host))));
        assert!(!guard.knows(&headers(&[host.clone(), (header::AUTHORIZATION, "Bearer 0123456789abcdeF")])));
        assert!(guard.knows(&headers(&[host.clone(), (header::AUTHORIZATION, "Bearer 0123456789abcdef")])));
        assert!(guard.knows(&headers(&[host, (header::COOKIE, "a=b; riffle_token=0123456789abcdef")])));
    }
}
