//! Tickets for the WebSocket.

use axum::extract::State;
use axum::http::StatusCode;
use riffle_contracts::http::Ticket;

use crate::answer::{Answer, Json};
use crate::{Deps, Tenant};

/// A one-time ticket, good for 60 s, that opens one WebSocket: `GET /ws?ticket=…`.
#[utoipa::path(post, path = "/api/tickets", operation_id = "issue_ticket", tag = "websocket", responses((status = 201, body = Ticket)))]
pub async fn issue(tenant: Tenant, State(deps): State<Deps>) -> Answer<(StatusCode, Json<Ticket>)> {
    Ok((StatusCode::CREATED, Json(deps.tickets.issue(&tenant.0).await?)))
}
