//! Download links, created on request.

use riffle_contracts::http::DownloadLink;
use riffle_ports::{Link, SessionId};
use riffle_scan::drive_page;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Json, Path};

/// Creates a link to download the report of a finished scan.
#[utoipa::path(
    post,
    path = "/api/scans/{id}/report/link",
    operation_id = "create_report_link",
    tag = "downloads",
    params(("id" = inline(Id), Path)),
    responses((status = 200, body = DownloadLink))
)]
pub async fn report(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<DownloadLink>> {
    let id = SessionId(id);
    let Some(key) = caller.deps.scan.report_key(&caller.tenant, &id).await? else {
        return Err(Refusal::not_found("This report does not exist, or its scan has not finished."));
    };
    Ok(Json(match &caller.deps.links {
        Some(links) => download_link(links.object(&key, &format!("riffle-{id}.xlsx")).await?),
        None => stable(format!("/scans/{id}/report.xlsx")),
    }))
}

/// Creates a link to download a file of a scan.
#[utoipa::path(
    post,
    path = "/api/scans/{id}/files/{index}/link",
    operation_id = "create_file_link",
    tag = "downloads",
    params(("id" = inline(Id), Path), ("index" = u32, Path, maximum = 4_294_967_295_i64)),
    responses((status = 200, body = DownloadLink))
)]
pub async fn file(caller: Caller, Path((Id(id), index)): Path<(Id, u32)>) -> Answer<Json<DownloadLink>> {
    let id = SessionId(id);
    let Some((source, entry)) = caller.deps.scan.file(&caller.tenant, &id, index).await? else {
        return Err(Refusal::not_found("This file does not exist in this scan."));
    };
    if let Some(page) = drive_page(&source, &entry) {
        return Ok(Json(stable(page)));
    }
    Ok(Json(match &caller.deps.links {
        Some(links) => match links.file(&source, &entry).await? {
            Some(link) => download_link(link),
            None => return Err(Refusal::not_found("This file cannot be downloaded from here.")),
        },
        None => stable(format!("/scans/{id}/files/{index}")),
    }))
}

fn download_link(link: Link) -> DownloadLink {
    DownloadLink { url: link.url, expires_at: Some(link.expires_at) }
}

fn stable(url: String) -> DownloadLink {
    DownloadLink { url, expires_at: None }
}
