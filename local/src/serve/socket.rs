//! The WebSocket, as the gateway on AWS provides it. Each message is passed to the functions, each frame to the socket.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use api::Refusal;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Extension, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use riffle_runtime::{FunctionEvent, authorizer_event};
use tokio::time::{Instant, sleep_until};

use crate::client::LocalClient;
use crate::platform::{Platform, TENANT};
use crate::serve::guard;

/// The maximum size of a message in bytes, as on the gateway on AWS.
const MAX_MESSAGE: usize = 128 * 1024;
/// The maximum number of bytes to read of a message that is too large, before the socket is closed.
const MAX_READ: usize = 4 * 1024 * 1024;

/// The maximum idle time, as on the gateway on AWS.
pub const IDLE: Duration = Duration::from_mins(10);

/// When a socket is closed.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    pub max_age: Duration,
    /// The time without a message from either side.
    pub idle: Duration,
}

/// Upgrades a request, as the gateway does: the authorizer decides whether a client may connect, and for which tenant.
pub async fn upgrade(
    State(platform): State<Arc<Platform>>,
    Extension(lifetime): Extension<Lifetime>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let tenant = match authorize(&platform, headers, query).await {
        Ok(tenant) => tenant,
        Err(refusal) => return refusal.into(),
    };
    upgrade.max_message_size(MAX_READ).on_upgrade(async move |socket| {
        match LocalClient::connect(platform, &tenant).await {
            Ok(client) => talk(socket, client, lifetime).await,
            Err(problem) => tracing::error!(%problem, "a socket was not connected"),
        }
    })
}

async fn authorize(
    platform: &Platform,
    headers: HeaderMap,
    mut query: HashMap<String, String>,
) -> Result<String, Refusal> {
    if let Entry::Vacant(ticket) = query.entry("ticket".to_owned()) {
        // A client that the guard has admitted could fetch a ticket itself.
        ticket.insert(platform.tickets.issue(TENANT).await?.ticket);
    }
    let authorizer = websocket_authorizer::AuthorizerDeps {
        tickets: platform.tickets.clone(),
        origins: guard::own_origins(&headers),
    };
    let event = FunctionEvent::new(authorizer_event(headers, query), "connect");
    let answer = websocket_authorizer::handle(&authorizer, event).await?;
    let field = |what: &str| answer.context[what].as_str();
    match (field("refused"), field("tenant")) {
        (None, Some(tenant)) => Ok(tenant.to_owned()),
        (Some("origin"), _) => Err(guard::foreign_page()),
        _ => {
            let detail = "This ticket is invalid, used or expired: get a new one from /api/tickets.";
            Err(Refusal::new(StatusCode::UNAUTHORIZED, detail))
        }
    }
}

async fn talk(mut socket: WebSocket, mut client: LocalClient, lifetime: Lifetime) {
    let now = Instant::now;
    let end = now() + lifetime.max_age;
    let mut idle = now() + lifetime.idle;
    loop {
        tokio::select! {
            () = sleep_until(end.min(idle)) => {
                let frame = CloseFrame { code: close_code::AWAY, reason: "connect again and resume".into() };
                if let Err(error) = socket.send(Message::Close(Some(frame))).await {
                    tracing::debug!(%error, "the client left before the socket was closed");
                }
                break;
            }
            frame = client.next_text() => {
                // Cut off because the client did not keep up: it connects again and resumes.
                let Some(frame) = frame else { break };
                idle = now() + lifetime.idle;
                if socket.send(Message::text(frame)).await.is_err() {
                    break;
                }
            }
            message = socket.recv() => {
                idle = now() + lifetime.idle;
                match message {
                    Some(Ok(Message::Text(text))) if text.len() > MAX_MESSAGE => {
                        let why = "A message can have at most 128 KB. Upload a long list of codes as a file.";
                        if socket.send(Message::text(LocalClient::refusal(why))).await.is_err() {
                            break;
                        }
                    }
                    Some(Ok(Message::Text(text))) => {
                        // Status 410 or 503 ends the connection, as on AWS.
                        if client.send_text(&text).await != 200 {
                            break;
                        }
                    }
                    Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                }
            }
        }
    }
    client.disconnect().await;
}
