//! Lists of codes, parsed before a scan.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use bytes::Bytes;
use riffle_contracts::http::UnderstoodCodes;
use riffle_scan::CodeListsError;
use serde::Deserialize;

use crate::Refusal;
use crate::answer::{Answer, Caller, Json, Query};

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CodesFileQuery {
    /// Name of the file: only a hint to its format, and used in messages.
    #[serde(default)]
    name: String,
}

/// A workbook, a CSV file or text with at least one code in it, of any content type.
#[derive(Debug, utoipa::ToSchema)]
#[schema(value_type = String, format = "riffle-codes")]
#[expect(dead_code, reason = "only part of the OpenAPI description: the route reads the body as raw bytes")]
pub struct CodesFile(Vec<u8>);

/// Reads a list of codes from a workbook, a CSV file or text, and returns the codes it found. Idempotent: the same list
/// may be sent again.
#[utoipa::path(
    post,
    path = "/api/codes",
    operation_id = "understand_codes",
    tag = "sources",
    params(CodesFileQuery),
    request_body(content = inline(CodesFile), content_type = "application/octet-stream"),
    responses((status = 200, body = UnderstoodCodes))
)]
pub async fn understand(
    caller: Caller,
    Query(named): Query<CodesFileQuery>,
    request: Request,
) -> Answer<Json<UnderstoodCodes>> {
    let content = Bytes::from_request(request, &()).await?;
    let limit = caller.deps.config.limits.codes_file_bytes;
    if content.len() as u64 > limit {
        let detail = format!("A list of codes can have at most {limit} bytes.");
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    // The name as people see it, without folders.
    let name: String = named.name.rsplit(['/', '\\']).next().unwrap_or_default().chars().take(200).collect();
    let understood = caller.deps.scan.understand_codes(&caller.tenant, &name, content).await;
    understood.map(Json).map_err(|error| match error {
        CodeListsError::NoCodes(why) => Refusal::invalid(why).named("no-codes", "No codes were found"),
        CodeListsError::Port(error) => error.into(),
    })
}
