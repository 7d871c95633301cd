//! `riffle serve`: the platform with its WebSocket, its HTTP API and its page.

mod guard;
mod listen;
mod open;
mod page;
mod socket;
mod storage;
mod token;

pub use page::is_built as page_is_built;
pub use token::known as known_token;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use api::Api;
use axum::extract::{DefaultBodyLimit, Extension, Request};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Router, middleware};
use riffle_contracts::http::{Config, DeployedAt, OcrConfig, SocketConfig, SourceKind};
use riffle_local_adapters::{LocalBrowser, LocalProbe};
use riffle_ports::Quotas;
use riffle_scan::Links;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::ServeArgs;
use crate::error::CommandError;
use crate::platform::{self, Platform, TENANT};
use crate::words::say;

pub async fn run(arguments: ServeArgs) -> Result<ExitCode, CommandError> {
    let problem = |error: std::io::Error| {
        CommandError::new(format!(
            "cannot listen on {}: {error}; choose another address with --listen",
            arguments.listen
        ))
    };
    let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(problem)?;
    let address = listener.local_addr().map_err(problem)?;
    let base = format!("http://{address}");
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Base(base.clone()))?);
    let state = platform::state_dir(arguments.machine.state.as_deref())?;
    let guard = guard::Guard::new(&arguments, address, &state, Arc::clone(&platform.clock))?;
    let socket =
        socket::Lifetime { max_age: Duration::from_secs(arguments.socket_max_age), idle: socket::IDLE };
    let pumps = platform.start(&arguments.machine).await;
    let mut terminate = signal(SignalKind::terminate())?;
    if guard.is_open() {
        say("without a token, every user and program on this machine can read through it whatever you can \
             read");
    }
    let page = guard.address(&base);
    say(&format!("riffle is at {page} (press Ctrl-C to stop; open scans continue at the next start)"));
    let _opened = (!arguments.no_open).then(|| open::page(&page, &state)).flatten();
    tokio::select! {
        () = listen::serve(listener, router(platform, guard, socket)) => {}
        interrupt = tokio::signal::ctrl_c() => interrupt?,
        _ = terminate.recv() => {}
    }
    pumps.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn router(platform: Arc<Platform>, guard: guard::Guard, socket: socket::Lifetime) -> Router {
    let check = || middleware::from_fn(guard::check);
    let socket_route = Router::new().route("/ws", get(socket::upgrade)).layer(check());
    Router::new()
        .route("/assets/{*path}", get(page::asset))
        .route("/icon.svg", get(page::icon))
        .route("/storage/files", post(storage::file).layer(DefaultBodyLimit::disable()))
        .route("/storage/parts/{begun}/{number}", put(storage::part).layer(DefaultBodyLimit::disable()))
        .fallback(page_or_call)
        .layer(check())
        .merge(guard::login())
        .layer(middleware::from_fn(guard::check_origin))
        .merge(socket_route)
        .layer(middleware::map_response(api::with_headers))
        .layer(Extension(api(&platform, &socket)))
        .layer(Extension(socket))
        .layer(Extension(Arc::new(guard)))
        .with_state(platform)
}

/// Returns the API with the configuration that it publishes.
fn api(platform: &Platform, socket: &socket::Lifetime) -> Api {
    let limits = riffle_scan::limits();
    let config = Config {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        place: DeployedAt::Local,
        sources: vec![SourceKind::Folders, SourceKind::Upload, SourceKind::Drive],
        ocr: OcrConfig { available: platform.ocr.find().is_ok() },
        limits,
        socket: SocketConfig {
            path: "/ws".to_owned(),
            max_age_seconds: socket.max_age.as_secs(),
            idle_seconds: socket.idle.as_secs(),
        },
        flows: riffle_topology::FLOWS.iter().map(|flow| flow.name.to_owned()).collect(),
        sign_in: None,
    };
    Api::new(api::ApiDeps {
        scan: platform.functions.scan.clone(),
        tickets: platform.tickets.clone(),
        files: platform.source.clone(),
        pages: Some(platform.pages.clone()),
        uploads: platform.source.uploads.clone(),
        statements: Some(platform.statements.queries.clone()),
        dead_letters: platform.dead_letters.clone(),
        probe: Some(Arc::new(LocalProbe {
            ledger: platform.ledger.clone(),
            queues: platform.queues.clone(),
            connections: platform.connections.clone(),
            timings: platform.timings.clone(),
        })),
        links: None,
        folders: Some(Arc::new(LocalBrowser { home: platform::home() })),
        quotas: Quotas::none(),
        config,
        clock: Arc::clone(&platform.clock),
        started_at: platform.clock.now(),
    })
}

/// Serves the page at addresses that people visit, also for an unknown one, which the page itself reports; all other
/// requests go to the API, as the gateway passes them to its function.
async fn page_or_call(Extension(api): Extension<Api>, request: Request) -> Response {
    let read = matches!(*request.method(), Method::GET | Method::HEAD);
    if read && page::is_wanted(request.uri().path(), request.headers()) {
        return page::document(request.headers());
    }
    api::handle(&api, Some(TENANT), request).await
}
