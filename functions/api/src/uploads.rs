//! Files that people send: declared here, sent straight to the storage.

use axum::extract::State;
use axum::http::StatusCode;
use riffle_contracts::http::{CompleteParts, DeclareFiles, Upload, UploadStatus, UploadTargets};
use riffle_scan::UploadError;

use crate::answer::{Answer, Json, Path};
use crate::{Deps, Refusal, Tenant};

/// A new upload, which takes files until it is scanned.
#[utoipa::path(post, path = "/api/uploads", tag = "sources", responses((status = 201, body = Upload)))]
pub async fn create(tenant: Tenant, State(deps): State<Deps>) -> Answer<(StatusCode, Json<Upload>)> {
    let upload_id = deps.uploads.create(&tenant.0).await?;
    Ok((StatusCode::CREATED, Json(Upload { upload_id })))
}

/// Declares files, and tells how to send each. The same again is harmless and gives fresh addresses; other files
/// under the same numbers are a conflict (409).
#[utoipa::path(
    post,
    path = "/api/uploads/{id}/files",
    tag = "sources",
    params(("id" = String, Path)),
    request_body = DeclareFiles,
    responses((status = 200, body = UploadTargets))
)]
pub async fn declare(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<String>,
    Json(files): Json<DeclareFiles>,
) -> Answer<Json<UploadTargets>> {
    Ok(Json(deps.uploads.declare(&tenant.0, &id, &files).await?))
}

/// Puts the parts of a file together. The same again is harmless.
#[utoipa::path(
    post,
    path = "/api/uploads/{id}/files/{number}/complete",
    tag = "sources",
    params(("id" = String, Path), ("number" = u32, Path)),
    request_body = CompleteParts,
    responses((status = 204))
)]
pub async fn complete(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path((id, number)): Path<(String, u32)>,
    Json(parts): Json<CompleteParts>,
) -> Answer<StatusCode> {
    deps.uploads.complete(&tenant.0, &id, number, &parts).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far an upload is.
#[utoipa::path(
    get,
    path = "/api/uploads/{id}",
    tag = "sources",
    params(("id" = String, Path)),
    responses((status = 200, body = UploadStatus))
)]
pub async fn status(
    tenant: Tenant,
    State(deps): State<Deps>,
    Path(id): Path<String>,
) -> Answer<Json<UploadStatus>> {
    Ok(Json(deps.uploads.status(&tenant.0, &id).await?))
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NotFound(what) => Self::not_found(format!("There is no such {what}.")),
            UploadError::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            UploadError::Invalid(why) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, why),
            UploadError::Port(error) => error.into(),
        }
    }
}
