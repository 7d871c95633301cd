//! Uploads: clients declare files here and send them directly to the storage.

use axum::http::StatusCode;
use riffle_contracts::http::{CompleteParts, DeclareFiles, Upload, UploadStatus, UploadTargets};
use riffle_scan::UploadError;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Json, Path};

/// Creates an upload, which accepts files until it is scanned.
#[utoipa::path(post, path = "/api/uploads", operation_id = "create_upload", tag = "sources", responses((status = 201, body = Upload)))]
pub async fn create(caller: Caller) -> Answer<(StatusCode, Json<Upload>)> {
    let upload_id = caller.deps.uploads.create(&caller.tenant).await?;
    Ok((StatusCode::CREATED, Json(Upload { upload_id })))
}

/// Declares files and returns how to send each. Idempotent: the same files may be declared again and get fresh
/// addresses; different files under the same numbers are a conflict (409).
#[utoipa::path(
    post,
    path = "/api/uploads/{id}/files",
    operation_id = "declare_files",
    tag = "sources",
    params(("id" = inline(Id), Path)),
    request_body = DeclareFiles,
    responses(
        (status = 200, body = UploadTargets),
        (status = 409, description = "Other files have been declared under these numbers.")
    )
)]
pub async fn declare(
    caller: Caller,
    Path(Id(id)): Path<Id>,
    Json(files): Json<DeclareFiles>,
) -> Answer<Json<UploadTargets>> {
    Ok(Json(caller.deps.uploads.declare(&caller.tenant, &id, &files).await?))
}

/// Joins the parts of a file. Idempotent.
#[utoipa::path(
    post,
    path = "/api/uploads/{id}/files/{number}/complete",
    operation_id = "complete_file",
    tag = "sources",
    params(("id" = inline(Id), Path), ("number" = u32, Path, maximum = 99_999)),
    request_body = CompleteParts,
    responses(
        (status = 204),
        (status = 409, description = "These are not the parts that were sent, or the file is not sent in \
                                      parts.")
    )
)]
pub async fn complete(
    caller: Caller,
    Path((Id(id), number)): Path<(Id, u32)>,
    Json(parts): Json<CompleteParts>,
) -> Answer<StatusCode> {
    caller.deps.uploads.complete(&caller.tenant, &id, number, &parts).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the progress of an upload.
#[utoipa::path(
    get,
    path = "/api/uploads/{id}",
    operation_id = "get_upload",
    tag = "sources",
    params(("id" = inline(Id), Path)),
    responses((status = 200, body = UploadStatus))
)]
pub async fn status(caller: Caller, Path(Id(id)): Path<Id>) -> Answer<Json<UploadStatus>> {
    Ok(Json(caller.deps.uploads.status(&caller.tenant, &id).await?))
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NotFound(what) => Self::not_found(format!("This {what} does not exist.")),
            UploadError::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            UploadError::Invalid(why) => Self::invalid(why),
            UploadError::Exceeded(exceeded) => exceeded.into(),
            UploadError::Port(error) => error.into(),
        }
    }
}
