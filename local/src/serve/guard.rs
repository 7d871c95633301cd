//! Access control. The platform can read every folder that its user can read, so it must refuse a page of another site,
//! a foreign host name that points to this machine, other users of the machine, and other machines in the network.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::Refusal;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension, Form, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use riffle_ports::Clock;
use serde::Deserialize;
use tower_http::timeout::TimeoutLayer;
use websocket_authorizer::is_from;

use crate::cli::ServeArgs;
use crate::error::CommandError;
use crate::serve::page;
use crate::serve::token::{AccessToken, TokenCheck};

const ASK: &str = include_str!("ask.html");
/// The page that asks for a token runs only its own script and loads nothing else.
const ASK_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; \
                          form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The maximum size of a login in bytes, and the time that it may take to arrive.
const LOGIN_BYTES: usize = 1 << 10;
const LOGIN_TIME: Duration = Duration::from_secs(10);

/// The access rule of one server. Without a token, every request from this machine is admitted.
pub struct Guard {
    token: Option<AccessToken>,
    /// The token is the random one, which the user learns from the printed address.
    random: bool,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

impl Guard {
    /// Uses the given token, or the random one of the state folder. Refuses to listen on more than this machine without
    /// a token.
    pub fn new(
        arguments: &ServeArgs,
        listen: SocketAddr,
        state: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CommandError> {
        if arguments.no_token {
            return if listen.ip().is_loopback() {
                Ok(Self { token: None, random: false, clock })
            } else {
                Err(CommandError::new(format!(
                    "listening on {listen} without a token would open this machine's files to the network: \
                     omit --no-token, or listen on 127.0.0.1"
                )))
            };
        }
        let given = arguments.token.clone().filter(|token| !token.is_empty());
        let random = given.is_none();
        let token = given.map_or_else(|| AccessToken::of_folder(state), Ok)?;
        Ok(Self { token: Some(AccessToken::new(token, listen.port())?), random, clock })
    }

    /// Returns the address at which the user opens the page.
    pub fn address(&self, base: &str) -> String {
        let token = self.token.as_ref().filter(|_| self.random);
        token.map_or_else(|| base.to_owned(), |token| token.address(base))
    }

    pub fn is_open(&self) -> bool {
        self.token.is_none()
    }

    /// Returns why a request is refused, if it has neither the token nor a cookie derived from it.
    fn lets_in(&self, headers: &HeaderMap) -> Result<(), RequestRejection> {
        let Some(token) = &self.token else {
            return if is_this_machine(headers) { Ok(()) } else { Err(RequestRejection::OtherName) };
        };
        if token.remembers(headers, self.clock.now()) {
            return Ok(());
        }
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match bearer
            .and_then(|bearer| bearer.strip_prefix("Bearer "))
            .map(|given| token.try_out(given, self.clock.now()))
        {
            Some(TokenCheck::Right) => Ok(()),
            Some(TokenCheck::NotNow) => Err(RequestRejection::NotNow),
            Some(TokenCheck::Wrong) | None => Err(RequestRejection::Unknown),
        }
    }
}

enum RequestRejection {
    OtherName,
    NotNow,
    Unknown,
}

/// Whether `Host` names this machine: another site's name that was pointed here appears in `Host`.
fn is_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// Returns the origins of the page at the requested address.
pub fn own_origins(headers: &HeaderMap) -> Vec<String> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    ["http", "https"].map(|scheme| format!("{scheme}://{host}")).to_vec()
}

pub fn foreign_page() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "Requests from other sites are not allowed.")
}

/// Whether the browser says that a page of another site caused the request, other than by a link followed by a person.
/// <https://www.w3.org/TR/fetch-metadata/>
fn is_foreign(method: &Method, headers: &HeaderMap) -> bool {
    let text_of = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let Some(site) = text_of("sec-fetch-site") else { return false };
    let led_here = matches!(*method, Method::GET | Method::HEAD)
        && text_of("sec-fetch-mode") == Some("navigate")
        && text_of("sec-fetch-dest") == Some("document");
    !matches!(site, "same-origin" | "none") && !led_here
}

/// Refuses requests that a page of another site makes. For the WebSocket the authorizer checks the origin, too.
pub async fn check_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    // <https://www.rfc-editor.org/rfc/rfc9112#section-3.2>
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Refusal::bad_request("A request must have exactly one Host header.").into();
    }
    if is_from(headers, &own_origins(headers)) && !is_foreign(request.method(), headers) {
        next.run(request).await
    } else {
        foreign_page().into()
    }
}

pub async fn check(Extension(guard): Extension<Arc<Guard>>, request: Request, next: Next) -> Response {
    match guard.lets_in(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(RequestRejection::OtherName) => {
            Refusal::new(StatusCode::FORBIDDEN, "Use http://localhost or http://127.0.0.1.").into()
        }
        Err(RequestRejection::NotNow) => not_now(),
        Err(RequestRejection::Unknown) if page::is_wanted(request.uri().path(), request.headers()) => ask(""),
        Err(RequestRejection::Unknown) => {
            let detail = "A token is required: open the page and enter it, or send it as a bearer token.";
            Refusal::new(StatusCode::UNAUTHORIZED, detail).into()
        }
    }
}

/// Returns the routes of the login, where a person gives the token. A wrong token counts as a guess, just like a wrong
/// bearer token.
pub fn login() -> Router<Arc<crate::platform::Platform>> {
    let script = ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("login.js"));
    // A client that has not shown the token gets little memory and little time.
    let limits = (
        TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LOGIN_TIME),
        DefaultBodyLimit::max(LOGIN_BYTES),
    );
    let log_in = post(log_in).layer(limits);
    Router::new().route("/login", log_in).route("/login.js", get(async move || script))
}

async fn log_in(Extension(guard): Extension<Arc<Guard>>, Form(login): Form<Login>) -> Response {
    let Some(token) = &guard.token else { return Redirect::to("/").into_response() };
    match token.try_out(login.token.trim(), guard.clock.now()) {
        TokenCheck::Right => {
            ([(header::SET_COOKIE, token.cookie(guard.clock.now()))], Redirect::to("/")).into_response()
        }
        TokenCheck::Wrong => ask("This token is wrong."),
        TokenCheck::NotNow => not_now(),
    }
}

fn not_now() -> Response {
    let detail = "Too many wrong tokens. Wait a minute, then try again.";
    let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, detail);
    ([(header::RETRY_AFTER, "60")], Response::from(refusal)).into_response()
}

fn ask(message: &str) -> Response {
    let page = Html(ASK.replace("{said}", message));
    (StatusCode::UNAUTHORIZED, [(header::CONTENT_SECURITY_POLICY, ASK_POLICY)], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().expect("a header")))
            .collect()
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
            assert_eq!(is_this_machine(&headers(&[("host", host)])), own, "{host}");
        }
    }

    #[test]
    fn another_sites_page_is_turned_away() {
        let is_own_page = |headers: &HeaderMap| is_from(headers, &own_origins(headers));
        let from = |origin| headers(&[("host", "localhost:8750"), ("origin", origin)]);
        assert!(is_own_page(&from("http://localhost:8750")));
        assert!(is_own_page(&from("https://localhost:8750")), "behind a proxy");
        assert!(!is_own_page(&from("http://localhost:9999")));
        assert!(!is_own_page(&from("null")));
        assert!(is_own_page(&headers(&[("host", "localhost:8750")])));
        assert!(!is_own_page(&headers(&[("origin", "http://localhost:8750")])));
        assert!(!is_own_page(&headers(&[("origin", "null")])));
        let bytes = header::HeaderValue::from_bytes(b"http://\xff").expect("a header");
        assert!(!is_own_page(&HeaderMap::from_iter([(header::ORIGIN, bytes)])), "no text");
    }

    #[test]
    fn what_a_page_elsewhere_makes_a_browser_ask_is_foreign() {
        let sent = |site, mode, dest| {
            headers(&[("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)])
        };
        for (method, headers, foreign) in [
            (Method::GET, HeaderMap::new(), false),
            (Method::POST, sent("same-origin", "cors", "empty"), false),
            (Method::GET, sent("none", "navigate", "document"), false),
            (Method::GET, sent("cross-site", "navigate", "document"), false),
            (Method::GET, sent("same-site", "navigate", "document"), false),
            (Method::GET, sent("cross-site", "navigate", "iframe"), true),
            (Method::POST, sent("cross-site", "navigate", "document"), true),
            (Method::GET, sent("cross-site", "no-cors", "image"), true),
            (Method::GET, sent("same-site", "cors", "empty"), true),
            (Method::GET, sent("", "", ""), true),
        ] {
            assert_eq!(is_foreign(&method, &headers), foreign, "{method} {headers:?}");
        }
    }
}
