//! `riffle serve`: the platform with its WebSocket, its addresses and a page.

mod downloads;
mod guard;
mod socket;

use std::process::ExitCode;
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use riffle_scan::Links;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Serve;
use crate::error::Problem;
use crate::platform::Platform;

/// How many scans the page lists.
const SESSIONS_LISTED: u32 = 20;

const PAGE: &str = include_str!("page.html");

#[expect(clippy::print_stderr, reason = "where people are told the address")]
pub async fn run(arguments: Serve) -> Result<ExitCode, Problem> {
    let guard = guard::Guard::new(arguments.listen, arguments.token.clone())?;
    let problem = |error: std::io::Error| {
        Problem::new(format!("cannot listen on {}: {error}; choose another with --listen", arguments.listen))
    };
    let listener = tokio::net::TcpListener::bind(arguments.listen).await.map_err(problem)?;
    let address = listener.local_addr().map_err(problem)?;
    let base = format!("http://{address}");
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Base(base.clone()))?);
    let pumps = platform.start(&arguments.machine).await;
    let mut terminate = signal(SignalKind::terminate())?;
    eprintln!("riffle is at {base} (Ctrl-C ends it; open scans go on at the next start)");
    tokio::select! {
        served = axum::serve(listener, router(platform, guard)) => served?,
        interrupt = tokio::signal::ctrl_c() => interrupt?,
        _ = terminate.recv() => {}
    }
    pumps.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn router(platform: Arc<Platform>, guard: guard::Guard) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/ws", get(socket::upgrade))
        .route("/api/health", get(health))
        .route("/api/sessions", get(sessions))
        .route("/sessions/{session}/report.xlsx", get(downloads::report))
        .route("/sessions/{session}/files/{index}", get(downloads::file))
        .layer(middleware::from_fn(guard::check))
        .layer(Extension(Arc::new(guard)))
        .with_state(platform)
}

async fn page() -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                  connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(PAGE))
}

/// 200 where the database answers.
async fn health(State(platform): State<Arc<Platform>>) -> Response {
    match platform.queues.depths().await {
        Ok(depths) => {
            let queues: serde_json::Map<_, _> = depths
                .into_iter()
                .map(|depth| {
                    let counts =
                        json!({ "ready": depth.ready, "in_flight": depth.in_flight, "waiting": depth.waiting });
                    (depth.queue.as_str().to_owned(), counts)
                })
                .collect();
            Json(json!({ "status": "ok", "queues": queues })).into_response()
        }
        Err(error) => downloads::unavailable(&error),
    }
}

/// The last scans, newest first.
async fn sessions(State(platform): State<Arc<Platform>>) -> Response {
    let sessions = match platform.ledger.latest(SESSIONS_LISTED).await {
        Ok(sessions) => sessions,
        Err(error) => return downloads::unavailable(&error),
    };
    let listed: Vec<_> = sessions
        .into_iter()
        .map(|session| {
            json!({
                "session_id": session.id,
                "state": session.state,
                "created_at": session.created_at,
                "total": session.sealed.map(|sealed| sealed.total),
                "processed": session.counts.processed,
                "failed": session.counts.failed,
                "matches": session.counts.matches,
            })
        })
        .collect();
    Json(json!({ "sessions": listed })).into_response()
}
