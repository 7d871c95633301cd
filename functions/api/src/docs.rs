//! The OpenAPI description, as JSON and as a page.

use std::sync::{Arc, LazyLock};

use axum::Extension;
use axum::http::header;
use axum::response::{Html, IntoResponse};

use crate::{describe, docs_page, routes};

/// Built on the first request: few clients request it, and building it at the start would delay every start.
#[derive(Debug, Clone)]
pub struct Docs(Arc<LazyLock<RenderedDocs, Make>>);

type Make = Box<dyn FnOnce() -> RenderedDocs + Send>;

#[derive(Debug)]
struct RenderedDocs {
    json: String,
    page: String,
}

impl Docs {
    /// `sign_in`: all but a few routes need a token.
    pub fn new(sign_in: bool) -> Self {
        let make: Make = Box::new(move || {
            let json = describe::json(&describe::complete(routes::table().1, sign_in));
            let page = docs_page::page(
                &serde_json::from_str(&json).expect("the description was written just before"),
            );
            RenderedDocs { json, page }
        });
        Self(Arc::new(LazyLock::new(make)))
    }
}

/// Returns this description as an OpenAPI 3.1 document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "get_description",
    tag = "platform",
    responses((status = 200, body = Object, content_type = "application/json"))
)]
pub async fn json(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], docs.0.json.clone())
}

/// Returns this description as an HTML page.
#[utoipa::path(
    get,
    path = "/api/docs",
    operation_id = "get_docs",
    tag = "platform",
    responses((status = 200, body = String, content_type = "text/html"))
)]
pub async fn page(Extension(docs): Extension<Docs>) -> impl IntoResponse {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(docs.0.page.clone()))
}
