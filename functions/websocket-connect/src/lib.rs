//! `$connect` → store the connection and its tenant.

use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayWebsocketProxyRequest};
use riffle_ports::{Clock, Connection, ConnectionRegistry};
use riffle_runtime::{FunctionEvent, status};

#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct ConnectDeps {
    pub connections: Arc<dyn ConnectionRegistry>,
    pub clock: Arc<dyn Clock>,
}

/// Status 200 admits the client; any other refuses it.
pub async fn handle(
    deps: &ConnectDeps,
    event: FunctionEvent<ApiGatewayWebsocketProxyRequest>,
) -> ApiGatewayProxyResponse {
    let context = event.payload.request_context;
    // Without a tenant, no authorizer has admitted this client.
    let tenant = context.authorizer.fields.get("tenant").and_then(|tenant| tenant.as_str());
    let (Some(id), Some(tenant)) = (context.connection_id, tenant) else {
        return status(401);
    };
    let connection = Connection { id, tenant: tenant.to_owned(), connected_at: deps.clock.now() };
    match deps.connections.add(connection).await {
        Ok(()) => status(200),
        Err(error) => {
            tracing::error!(request_id = event.request_id, %error, "a connection was not remembered");
            status(503)
        }
    }
}
