//! Scans and their results.

use axum::http::StatusCode;
use riffle_contracts::PageCursor;
use riffle_contracts::http::{CodePage, CodeState, FailurePage, MatchPage, ScanDetail, ScanPage};
use riffle_ports::SessionId;
use serde::Deserialize;

use crate::answer::{Answer, Caller, Id, Json, List, Paging, Path, Query};

pub struct ScanPaging;

impl List for ScanPaging {
    const USUAL: u32 = 50;
    const MOST: u32 = 200;
    const CURSOR: &str = PageCursor::PATTERN;
}

/// Matches or failures of a scan.
pub struct ResultPaging;

impl List for ResultPaging {
    const USUAL: u32 = 1_000;
    const MOST: u32 = 5_000;
    const CURSOR: &str = r"^[0-9]{1,9}\.[0-9]{1,9}$";
}

pub struct CodePaging;

impl List for CodePaging {
    const USUAL: u32 = 1_000;
    const MOST: u32 = 5_000;
    const CURSOR: &str = "^[0-9]{1,9}$";
}

/// Lists your scans, newest first.
#[utoipa::path(
    get,
    path = "/api/scans",
    operation_id = "list_scans",
    tag = "scans",
    params(Paging<ScanPaging>),
    responses((status = 200, body = ScanPage))
)]
pub async fn list(caller: Caller, Query(paging): Query<Paging<ScanPaging>>) -> Answer<Json<ScanPage>> {
    Ok(Json(caller.deps.scan.sessions(&caller.tenant, paging.cursor(), paging.limit()?).await?))
}

/// Returns one scan with all its details.
#[utoipa::path(
    get,
    path = "/api/scans/{id}",
    operation_id = "get_scan",
    tag = "scans",
    params(("id" = inline(Id), Path)),
    responses((status = 200, body = ScanDetail))
)]
pub async fn detail(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<ScanDetail>> {
    Ok(Json(caller.deps.scan.session(&caller.tenant, &SessionId(id)).await?))
}

/// Deletes a scan and everything derived from it: results, report, pictures, its codes, the access token lent to it,
/// and uploaded files that no other scan uses. From the time of this response no client sees the scan; its data is
/// removed soon after. A running scan is refused (409): cancel it first. Idempotent.
#[utoipa::path(
    delete,
    path = "/api/scans/{id}",
    operation_id = "delete_scan",
    tag = "scans",
    params(("id" = inline(Id), Path)),
    responses((status = 202), (status = 409, description = "The scan is still running."))
)]
pub async fn remove(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<StatusCode> {
    caller.deps.scan.delete(&caller.tenant, &SessionId(id)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Lists matches in the order of the files. While a scan runs, also listen to the WebSocket: a match that arrives at a
/// position before the cursor does not appear on a later page.
#[utoipa::path(
    get,
    path = "/api/scans/{id}/matches",
    operation_id = "list_matches",
    tag = "scans",
    params(("id" = inline(Id), Path), Paging<ResultPaging>),
    responses((status = 200, body = MatchPage))
)]
pub async fn matches(
    caller: Caller,
    Path(Id(id)): Path<Id>,
    Query(paging): Query<Paging<ResultPaging>>,
) -> Answer<Json<MatchPage>> {
    let limit = paging.limit()? as usize;
    Ok(Json(caller.deps.scan.matches(&caller.tenant, &SessionId(id), paging.cursor(), limit).await?))
}

/// Lists the files that could not be read, in the order of the files.
#[utoipa::path(
    get,
    path = "/api/scans/{id}/failures",
    operation_id = "list_failures",
    tag = "scans",
    params(("id" = inline(Id), Path), Paging<ResultPaging>),
    responses((status = 200, body = FailurePage))
)]
pub async fn failures(
    caller: Caller,
    Path(Id(id)): Path<Id>,
    Query(paging): Query<Paging<ResultPaging>>,
) -> Answer<Json<FailurePage>> {
    let limit = paging.limit()? as usize;
    Ok(Json(caller.deps.scan.failures(&caller.tenant, &SessionId(id), paging.cursor(), limit).await?))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CodeQuery {
    /// Only codes in this state.
    state: Option<CodeState>,
}

/// Lists the codes with their results, in the order of the list of codes.
#[utoipa::path(
    get,
    path = "/api/scans/{id}/codes",
    operation_id = "list_codes",
    tag = "scans",
    params(("id" = inline(Id), Path), CodeQuery, Paging<CodePaging>),
    responses((status = 200, body = CodePage))
)]
pub async fn codes(
    caller: Caller,
    Path(Id(id)): Path<Id>,
    Query(query): Query<CodeQuery>,
    Query(paging): Query<Paging<CodePaging>>,
) -> Answer<Json<CodePage>> {
    let limit = paging.limit()? as usize;
    Ok(Json(
        caller
            .deps
            .scan
            .code_states(&caller.tenant, &SessionId(id), query.state, paging.cursor(), limit)
            .await?,
    ))
}
