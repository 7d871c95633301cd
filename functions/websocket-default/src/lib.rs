//! `$default` → perform a client's action. The answer is pushed as frames.

use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use riffle_ports::ConnectionRegistry;
use riffle_runtime::{FunctionEvent, status};
use riffle_scan::Scan;

#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct DefaultDeps {
    pub scan: Scan,
    pub connections: Arc<dyn ConnectionRegistry>,
}

pub async fn handle(
    deps: &DefaultDeps,
    event: FunctionEvent<ApiGatewayWebsocketProxyRequest>,
) -> ApiGatewayProxyResponse {
    let Some(id) = event.payload.request_context.connection_id else {
        return status(400);
    };
    match deps.connections.get(&id).await {
        Ok(Some(connection)) => {
            deps.scan.act(&connection, event.payload.body.as_deref().unwrap_or_default()).await;
            status(200)
        }
        // An earlier push removed it as gone: the client has to connect again.
        Ok(None) => status(410),
        Err(error) => {
            tracing::error!(request_id = event.request_id, %error, "a connection could not be looked up");
            status(503)
        }
    }
}
