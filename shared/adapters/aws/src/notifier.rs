//! Frames to clients, through the management address of a WebSocket API.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata as _;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use riffle_ports::{ClientNotifier, Meter, PortError, PushResult, Usage};

use crate::error::{code, failure, status};

/// The size that is billed as one message.
const BILLED_BYTES: usize = 32 * 1024;

/// Pushes through `CONNECTIONS_ENDPOINT`.
#[derive(Debug, Clone)]
pub struct ApiGatewayNotifier {
    pub(crate) client: Client,
    pub(crate) meter: Arc<Meter>,
}

#[async_trait]
impl ClientNotifier for ApiGatewayNotifier {
    async fn push(&self, connection: &str, frame: &str) -> Result<PushResult, PortError> {
        let post = self.client.post_to_connection().connection_id(connection).data(Blob::new(frame));
        let Err(error) = post.send().await else {
            let messages = frame.len().div_ceil(BILLED_BYTES).max(1) as u64;
            self.meter.note(Usage { socket_messages: messages, ..Usage::default() });
            return Ok(PushResult::Sent);
        };
        let refusal = error.as_service_error();
        // API Gateway refuses an id that it never issued with this error.
        let not_its_own = code(&error) == Some("BadRequestException")
            && refusal
                .and_then(PostToConnectionError::message)
                .is_some_and(|message| message.starts_with("Invalid connectionId"));
        if refusal.is_some_and(PostToConnectionError::is_gone_exception)
            || status(&error) == Some(410)
            || not_its_own
        {
            return Ok(PushResult::Gone);
        }
        Err(failure("PostToConnection", "a connection", &error))
    }
}
