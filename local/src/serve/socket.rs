//! The WebSocket: what the gateway does on AWS. Each message goes to the functions, each frame to the socket.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;

use crate::client::Client;
use crate::platform::Platform;

/// As the gateway on AWS, in bytes.
const MAX_MESSAGE: usize = 128 * 1024;
/// What is read of a message that is too large, before the socket is closed on it.
const MAX_READ: usize = 4 * 1024 * 1024;

pub async fn upgrade(State(platform): State<Arc<Platform>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.max_message_size(MAX_READ).on_upgrade(async |socket| match Client::connect(platform).await {
        Ok(client) => talk(socket, client).await,
        Err(problem) => tracing::error!(%problem, "a socket was not connected"),
    })
}

async fn talk(mut socket: WebSocket, mut client: Client) {
    loop {
        tokio::select! {
            frame = client.next_text() => {
                // Cut off because it did not keep up: it connects again and resumes.
                let Some(frame) = frame else { break };
                if socket.send(Message::text(frame)).await.is_err() {
                    break;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) if text.len() > MAX_MESSAGE => {
                    let error = Client::refusal("A message has at most 128 KB. Upload a long list of codes as a file.");
                    if socket.send(Message::text(error)).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Text(text))) => {
                    // 410 and 503 end the connection, as a client would see it on AWS.
                    if client.send_text(&text).await != 200 {
                        break;
                    }
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    client.disconnect().await;
}
