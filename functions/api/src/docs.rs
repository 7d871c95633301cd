//! The API's description, for programs and for people.

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use utoipa::openapi::OpenApi;

use crate::{describe, docs_page};

/// Made once.
#[derive(Debug, Clone)]
pub struct Docs {
    json: Arc<str>,
    page: Arc<str>,
}

impl Docs {
    pub fn new(complete: &OpenApi) -> Self {
        let json = describe::json(complete);
        let page = docs_page::page(&serde_json::from_str(&json).expect("what was just written"));
        Self { json: json.into(), page: page.into() }
    }
}

/// This description, OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "get_description",
    tag = "platform",
    responses((status = 200, body = Object, content_type = "application/json"))
)]
pub async fn json(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], docs.json.to_string())
}

/// This description as a page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "get_docs",
    tag = "platform",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub async fn page(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(docs.page.to_string()))
}
