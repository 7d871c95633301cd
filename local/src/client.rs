//! A client within the process: it sends the functions the same envelopes as a browser does.

use std::sync::Arc;

use riffle_contracts::{Action, ErrorCode, Frame, FrameBody};
use riffle_local_adapters::Frames;
use riffle_ports::{Clock, Ids};
use riffle_runtime::SystemClock;
use riffle_runtime::{FunctionEvent, socket_event};

use crate::error::CommandError;
use crate::platform::Platform;

/// One connection.
pub struct LocalClient {
    platform: Arc<Platform>,
    tenant: String,
    connection: String,
    frames: Frames,
}

impl LocalClient {
    pub async fn connect(platform: Arc<Platform>, tenant: &str) -> Result<Self, CommandError> {
        let connection = riffle_runtime::RandomIds.fresh();
        let frames = platform.notifier.register(&connection);
        let event = socket_event("$connect", &connection, tenant, None);
        let answer =
            websocket_connect::handle(&platform.functions.connect, FunctionEvent::new(event, &*connection))
                .await;
        if answer.status_code != 200 {
            return Err(CommandError::new(format!(
                "the platform refused the connection with status {}",
                answer.status_code
            )));
        }
        Ok(Self { platform, tenant: tenant.to_owned(), connection, frames })
    }

    /// Sends one message as its text. Returns the status that the gateway would return: 200 if the message was
    /// accepted.
    pub async fn send_text(&self, message: &str) -> i64 {
        let event = socket_event("$default", &self.connection, &self.tenant, Some(message));
        let functions = &self.platform.functions;
        websocket_default::handle(&functions.default, FunctionEvent::new(event, &*self.connection))
            .await
            .status_code
    }

    pub async fn send(&self, action: &Action) -> Result<(), CommandError> {
        let message = serde_json::to_string(action).map_err(|error| CommandError::new(error.to_string()))?;
        match self.send_text(&message).await {
            200 => Ok(()),
            status => {
                Err(CommandError::new(format!("the platform refused the message with status {status}")))
            }
        }
    }

    /// Returns the next frame's text; `None` if the connection was cut because the client did not keep up.
    pub async fn next_text(&mut self) -> Option<String> {
        self.frames.next().await
    }

    pub async fn next(&mut self) -> Result<Option<Frame>, CommandError> {
        let Some(text) = self.next_text().await else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| CommandError::new(format!("the platform sent an invalid frame: {error}")))
    }

    /// Opens a new connection to replace this one after it was cut.
    pub async fn reconnect(&self) -> Result<Self, CommandError> {
        Self::connect(Arc::clone(&self.platform), &self.tenant).await
    }

    /// Returns the error frame with which the gateway answers a message that it does not pass on.
    pub fn refusal(message: &str) -> String {
        let body = FrameBody::Error { message: message.to_owned(), code: ErrorCode::BadRequest };
        let frame = Frame { body, session_id: None, at: SystemClock.now() };
        serde_json::to_string(&frame).expect("frames are plain data")
    }

    pub async fn disconnect(self) {
        let event = socket_event("$disconnect", &self.connection, &self.tenant, None);
        let functions = &self.platform.functions;
        websocket_disconnect::handle(&functions.disconnect, FunctionEvent::new(event, &*self.connection))
            .await;
    }
}
