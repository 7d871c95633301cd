//! `$disconnect` → remove the connection. Best effort: the gateway may never send it, and a push to a gone connection
//! removes it, too.

use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use riffle_ports::ConnectionRegistry;
use riffle_runtime::{FunctionEvent, status};

#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct DisconnectDeps {
    pub connections: Arc<dyn ConnectionRegistry>,
}

pub async fn handle(
    deps: &DisconnectDeps,
    event: FunctionEvent<ApiGatewayWebsocketProxyRequest>,
) -> ApiGatewayProxyResponse {
    let Some(id) = event.payload.request_context.connection_id else {
        return status(400);
    };
    match deps.connections.remove(&id).await {
        Ok(()) => status(200),
        Err(error) => {
            tracing::error!(request_id = event.request_id, %error, "a connection was not forgotten");
            status(503)
        }
    }
}
