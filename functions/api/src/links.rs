//! Addresses for downloads, made when somebody asks.

use axum::extract::State;
use riffle_contracts::http::DownloadLink;
use riffle_ports::{Link, SessionId};
use riffle_scan::drive_page;

use crate::answer::{Answer, Json, Path};
use crate::{Deps, Refusal, Tenant};

/// An address for the report of a COMPLETE session.
#[utoipa::path(
    post,
    path = "/api/sessions/{id}/report/link",
    operation_id = "report_link",
    tag = "downloads",
    params(("id" = String, Path)),
    responses((status = 200, body = DownloadLink))
)]
pub async fn report(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<SessionId>,
) -> Answer<Json<DownloadLink>> {
    let Some(key) = deps.scan.report_key(&tenant.0, &id).await? else {
        return Err(Refusal::not_found("There is no such report, or its scan has not finished."));
    };
    Ok(Json(match &deps.links {
        Some(links) => told(links.object(&key, &format!("riffle-{id}.xlsx")).await?),
        None => stable(format!("/sessions/{id}/report.xlsx")),
    }))
}

/// An address for a file of a session.
#[utoipa::path(
    post,
    path = "/api/sessions/{id}/files/{index}/link",
    operation_id = "file_link",
    tag = "downloads",
    params(("id" = String, Path), ("index" = u32, Path)),
    responses((status = 200, body = DownloadLink))
)]
pub async fn file(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path((id, index)): Path<(SessionId, u32)>,
) -> Answer<Json<DownloadLink>> {
    let Some((source, entry)) = deps.scan.file(&tenant.0, &id, index).await? else {
        return Err(Refusal::not_found("There is no such file in that scan."));
    };
    if let Some(page) = drive_page(&source, &entry) {
        return Ok(Json(stable(page)));
    }
    Ok(Json(match &deps.links {
        Some(links) => match links.file(&source, &entry).await? {
            Some(link) => told(link),
            None => return Err(Refusal::not_found("This file cannot be downloaded from here.")),
        },
        None => stable(format!("/sessions/{id}/files/{index}")),
    }))
}

fn told(link: Link) -> DownloadLink {
    DownloadLink { url: link.url, expires_at: Some(link.expires_at) }
}

fn stable(url: String) -> DownloadLink {
    DownloadLink { url, expires_at: None }
}
