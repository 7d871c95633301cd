//! Tickets for the WebSocket.

use axum::http::StatusCode;
use riffle_contracts::http::Ticket;

use crate::answer::{Answer, Caller, Json};

/// Issues a one-time ticket, valid for 60 s, that opens one WebSocket: `GET /ws?ticket=…`.
#[utoipa::path(post, path = "/api/tickets", operation_id = "issue_ticket", tag = "websocket", responses((status = 201, body = Ticket)))]
pub async fn issue(caller: Caller) -> Answer<(StatusCode, Json<Ticket>)> {
    Ok((StatusCode::CREATED, Json(caller.deps.tickets.issue(&caller.tenant).await?)))
}
