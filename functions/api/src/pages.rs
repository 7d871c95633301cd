//! Evidence: the position of a match, and pages of files as pictures.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use riffle_contracts::http::Evidence;
use riffle_ports::{ReadError, SessionId};
use riffle_scan::{PAGE_WIDTHS, PageView, PageViewError};
use serde::Deserialize;

use crate::Refusal;
use crate::answer::{Answer, Caller, Id, Json, Path, Query};

/// The default width of a page, in pixels.
const WIDTH: u32 = 1200;
/// A session covers one version of each file, so its pictures never change; browsers may keep a viewed picture for one
/// day.
const KEEP: &str = "private, max-age=86400";

/// Returns the position of a match, to display it: its page with a box around it, or the text around it.
#[utoipa::path(
    get,
    path = "/api/scans/{id}/matches/{match}/evidence",
    operation_id = "get_evidence",
    tag = "scans",
    params(("id" = inline(Id), Path), ("match" = String, Path, pattern = "^[0-9]{1,9}-[0-9]{1,9}$")),
    responses((status = 200, body = Evidence))
)]
pub async fn evidence(
    caller: Caller,
    Path((Id(id), match_id)): Path<(Id, String)>,
) -> Answer<Json<Evidence>> {
    let id = SessionId(id);
    let mut sighting = caller.deps.scan.sighting(&caller.tenant, &id, &match_id).await?;
    let view = match (&caller.deps.pages, sighting.page_number()) {
        (Some(pages), Some(page)) => match pages.look(&id, &mut sighting).await {
            Ok(size) => Ok(size.map(|(width, height)| PageView {
                width,
                height,
                image_url: format!("/api/scans/{id}/files/{}/pages/{page}.png", sighting.index),
            })),
            Err(PageViewError::Query(error)) => return Err(error.into()),
            // The match itself is valid and its text is known.
            Err(error) => Err(error.to_string()),
        },
        _ => Ok(None),
    };
    Ok(Json(sighting.evidence(view)))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageImageQuery {
    /// Width of the picture in pixels, 100 to 3000; 1200 by default. A picture is never enlarged.
    #[param(minimum = 100, maximum = 3000)]
    width: Option<u32>,
}

/// Returns a page of a PDF or picture as a PNG, if the file has not changed since the scan.
#[utoipa::path(
    get,
    path = "/api/scans/{id}/files/{index}/pages/{page}",
    operation_id = "get_page_picture",
    tag = "scans",
    params(
        ("id" = inline(Id), Path),
        ("index" = u32, Path, maximum = 4_294_967_295_i64),
        (
            "page" = String,
            Path,
            description = "The page number, counted from 1, followed by `.png`: `3.png`",
            pattern = r"^[1-9][0-9]{0,8}\.png$"
        ),
        PageImageQuery
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "The picture is the one in `If-None-Match`."),
        (status = 422, description = "The page cannot be drawn.")
    )
)]
pub async fn picture(
    caller: Caller,
    Path((Id(id), index, page)): Path<(Id, u32, String)>,
    Query(size): Query<PageImageQuery>,
    asked: HeaderMap,
) -> Answer<Response> {
    let page = number(&page).ok_or_else(|| Refusal::not_found("There is nothing at this address."))?;
    let width = size.width.unwrap_or(WIDTH);
    let Some(pages) = &caller.deps.pages else {
        return Err(Refusal::not_found("Pages cannot be shown here: open the file itself."));
    };
    let page = pages.page(&caller.tenant, &SessionId(id), index, page).await?;
    if !PAGE_WIDTHS.contains(&width) {
        let (least, most) = (PAGE_WIDTHS.start(), PAGE_WIDTHS.end());
        let detail = format!("The width must be between {least} and {most} pixels.");
        return Err(Refusal::bad_request(detail).named("page-width", "Invalid width"));
    }
    let tag = format!("\"{}\"", page.tag);
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEEP));
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(|_| Refusal::broken())?);
    if is_known(&asked, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let png = pages.picture(&page, width).await?;
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    Ok((headers, png).into_response())
}

/// Parses `3.png` as page 3. Each page has only one address, so `03.png` is refused.
fn number(name: &str) -> Option<u32> {
    let number = name.strip_suffix(".png")?;
    let plain = !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| plain)
}

/// Returns whether the client already has the picture.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let tags = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag)
}

impl From<PageViewError> for Refusal {
    fn from(error: PageViewError) -> Self {
        match error {
            PageViewError::Query(error) => error.into(),
            PageViewError::File(error) => cannot_open(&error),
            PageViewError::NoPage(error) => Self::not_found(format!("The page cannot be shown: {error}."))
                .named("no-page", "Page not found"),
            PageViewError::TooLarge(error) => {
                let detail = format!("The page cannot be shown: {error}. Open the file itself.");
                Self::invalid(detail).named("page-too-large", "Too large to draw")
            }
            PageViewError::NotDrawn(error) => {
                let detail = format!("The page cannot be shown: {error}. Open the file itself.");
                Self::invalid(detail).named("page-not-drawn", "Page cannot be drawn")
            }
        }
    }
}

/// Returns the refusal for a file that no longer exists as the scan read it.
pub fn cannot_open(error: &ReadError) -> Refusal {
    let refusal = Refusal::not_found(format!("The file cannot be opened: {error}."));
    match error {
        ReadError::Changed => refusal.named("file-changed", "The file changed"),
        ReadError::Missing | ReadError::NotUploaded => {
            refusal.named("file-gone", "The file no longer exists")
        }
        ReadError::TokenExpired => refusal.named("token-expired", "The access token has expired"),
        ReadError::Denied(_)
        | ReadError::TooLarge { .. }
        | ReadError::TooLargeToExport(_)
        | ReadError::Unsupported(_)
        | ReadError::Port(_) => refusal.named("file-unreadable", "The file cannot be read"),
    }
}
