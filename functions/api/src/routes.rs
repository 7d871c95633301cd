//! All routes, in one table.

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Router, middleware};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::{
    ApiDeps, Refusal, codes, config, dead_letters, describe, docs, downloads, folders, health, links,
    metrics, pages, processing, scans, statements, tickets, uploads,
};

/// The maximum body size in bytes. It fits a thousand names of a thousand bytes, each of which may take six bytes in
/// JSON, and a file of codes.
const BODY_LIMIT: usize = 8 << 20;

/// The routes that need no sign-in. None of them uses the tenant.
pub const PUBLIC: [&str; 4] = ["/api/config", "/api/health", "/api/openapi.json", "/api/docs"];

/// Returns all routes with their handlers, and their OpenAPI description.
pub fn table() -> (Router<ApiDeps>, OpenApi) {
    OpenApiRouter::with_openapi(describe::frame())
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
        .routes(routes!(config::config))
        .routes(routes!(docs::json))
        .routes(routes!(docs::page))
        .routes(routes!(processing::status))
        .routes(routes!(tickets::issue))
        .routes(routes!(folders::folders))
        .routes(routes!(codes::understand))
        .routes(routes!(uploads::create))
        .routes(routes!(uploads::declare))
        .routes(routes!(uploads::complete))
        .routes(routes!(uploads::status))
        .routes(routes!(scans::list))
        .routes(routes!(scans::detail, scans::remove))
        .routes(routes!(scans::matches))
        .routes(routes!(scans::failures))
        .routes(routes!(scans::codes))
        .routes(routes!(pages::evidence))
        .routes(routes!(pages::picture))
        .routes(routes!(downloads::report))
        .routes(routes!(downloads::file))
        .routes(routes!(links::report))
        .routes(routes!(links::file))
        .routes(routes!(statements::files, statements::announce))
        .routes(routes!(statements::one_file, statements::delete))
        .routes(routes!(statements::timeline))
        .routes(routes!(statements::transactions))
        .routes(routes!(statements::export))
        .routes(routes!(statements::facets))
        .routes(routes!(statements::figures))
        .routes(routes!(statements::rules, statements::put_rules))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::redrive))
        .split_for_parts()
}

/// Returns the routes with their dependencies.
pub fn router(deps: ApiDeps) -> Router {
    let (routes, _) = table();
    let docs = docs::Docs::new(deps.config.sign_in.is_some());
    routes
        .method_not_allowed_fallback(|| async {
            let detail = "This address does not support this method: see /api/docs.";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .fallback(|| async { Refusal::not_found("There is nothing at this address: see /api/docs.") })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::map_response(fresh))
        .layer(axum::Extension(docs))
        .with_state(deps)
}

/// Forbids caching by default: a response is current only now and only for its client.
async fn fresh(mut answer: axum::response::Response) -> axum::response::Response {
    let value = axum::http::HeaderValue::from_static("private, no-store");
    answer.headers_mut().entry(axum::http::header::CACHE_CONTROL).or_insert(value);
    answer
}
