//! Sessions and what was found in them.

use axum::extract::State;
use axum::http::StatusCode;
use riffle_contracts::http::{CodePage, CodeState, FailurePage, MatchPage, SessionDetail, SessionPage};
use riffle_ports::SessionId;
use serde::Deserialize;

use crate::answer::{Answer, Json, Paging, Path, Query};
use crate::{Deps, Tenant};

/// Your sessions, newest first.
#[utoipa::path(
    get,
    path = "/api/sessions",
    tag = "sessions",
    params(Paging),
    responses((status = 200, body = SessionPage))
)]
pub async fn list(
    tenant: Tenant,
    State(deps): State<Deps>,
    Query(paging): Query<Paging>,
) -> Answer<Json<SessionPage>> {
    let limit = paging.limit(50, 200)?;
    Ok(Json(deps.scan.sessions(&tenant.0, paging.cursor(), limit).await?))
}

/// One session with all that is known of it.
#[utoipa::path(
    get,
    path = "/api/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path)),
    responses((status = 200, body = SessionDetail))
)]
pub async fn detail(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
) -> Answer<Json<SessionDetail>> {
    Ok(Json(deps.scan.session(&tenant.0, &id).await?))
}

/// Removes a session and all that came of it: results, report, pictures, its codes, the access token it was lent, and
/// uploaded files that no other session uses. It is gone for everybody when this is answered, and removed soon after.
/// One that still runs is not (409): cancel it first. The same again is harmless.
#[utoipa::path(
    delete,
    path = "/api/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path)),
    responses((status = 202))
)]
pub async fn remove(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
) -> Answer<StatusCode> {
    deps.scan.delete(&tenant.0, &id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Matches in the order of the files. While a scan runs, listen to the WebSocket too: what arrives before the
/// cursor is not on a later page.
#[utoipa::path(
    get,
    path = "/api/sessions/{id}/matches",
    tag = "sessions",
    params(("id" = String, Path), Paging),
    responses((status = 200, body = MatchPage))
)]
pub async fn matches(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
    Query(paging): Query<Paging>,
) -> Answer<Json<MatchPage>> {
    let limit = paging.limit(1_000, 5_000)? as usize;
    Ok(Json(deps.scan.matches(&tenant.0, &id, paging.cursor(), limit).await?))
}

/// Files that could not be read, in the order of the files.
#[utoipa::path(
    get,
    path = "/api/sessions/{id}/failures",
    tag = "sessions",
    params(("id" = String, Path), Paging),
    responses((status = 200, body = FailurePage))
)]
pub async fn failures(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
    Query(paging): Query<Paging>,
) -> Answer<Json<FailurePage>> {
    let limit = paging.limit(1_000, 5_000)? as usize;
    Ok(Json(deps.scan.failures(&tenant.0, &id, paging.cursor(), limit).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Only codes of this state.
    state: Option<CodeState>,
}

/// What is known of each code, in the order of the list.
#[utoipa::path(
    get,
    path = "/api/sessions/{id}/codes",
    tag = "sessions",
    params(("id" = String, Path), Wanted, Paging),
    responses((status = 200, body = CodePage))
)]
pub async fn codes(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
    Query(wanted): Query<Wanted>,
    Query(paging): Query<Paging>,
) -> Answer<Json<CodePage>> {
    let limit = paging.limit(1_000, 5_000)? as usize;
    Ok(Json(deps.scan.code_states(&tenant.0, &id, wanted.state, paging.cursor(), limit).await?))
}
