//! The API's description, for programs and for people.

use std::sync::Arc;

use axum::Extension;
use axum::http::header;
use axum::response::{Html, IntoResponse};
use utoipa::openapi::OpenApi;

use crate::describe;

/// Made once.
#[derive(Debug, Clone)]
pub struct Docs {
    json: Arc<str>,
    page: Arc<str>,
}

impl Docs {
    pub fn new(description: &OpenApi) -> Self {
        let json = describe::json(description);
        let page = format!("<!doctype html><title>Riffle API</title><pre>{}</pre>", escaped(&json));
        Self { json: json.into(), page: page.into() }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// This description, OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
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
    tag = "platform",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub async fn page(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(docs.page.to_string()))
}
