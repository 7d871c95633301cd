//! The HTTP API of the platform: scans and their results, statements, tickets, codes, downloads.
//!
//! The table in `routes` has all addresses, and the OpenAPI description is generated from it. Nothing here depends on
//! where it runs: the local server calls [`handle`] just as the gateway's function does.

mod answer;
mod codes;
mod config;
mod dead_letters;
mod describe;
mod docs;
mod docs_page;
mod downloads;
mod folders;
mod headers;
mod health;
mod links;
mod metrics;
mod pages;
mod problem;
mod processing;
mod routes;
mod scans;
mod statements;
mod tickets;
mod uploads;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use futures::FutureExt;
use riffle_contracts::http::Config;
use riffle_ports::{Clock, CountedUse, DownloadLinks, FileSource, FolderBrowser, Probe, Quotas};
use riffle_runtime::DeadLetterService;
use riffle_scan::{PageViews, Scan, Tickets, Uploads};
use riffle_statements::Queries;
use tower::ServiceExt;

pub use headers::with_headers;
pub use problem::Refusal;

/// The dependencies of the API.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct ApiDeps {
    pub scan: Scan,
    pub tickets: Tickets,
    pub files: Arc<dyn FileSource>,
    /// `None` where pages are not drawn.
    pub pages: Option<PageViews>,
    pub uploads: Uploads,
    /// `None` where statements are not accepted.
    pub statements: Option<Queries>,
    /// The dead letters of all flows.
    pub dead_letters: DeadLetterService,
    /// `None` where the cloud measures the platform.
    pub probe: Option<Arc<dyn Probe>>,
    /// `None` where content passes through this function.
    pub links: Option<Arc<dyn DownloadLinks>>,
    /// `None` where there are no folders to choose from.
    pub folders: Option<Arc<dyn FolderBrowser>>,
    /// The quotas of each tenant.
    pub quotas: Quotas,
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub started_at: DateTime<Utc>,
}

/// The routes with their dependencies. Build it once.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "it holds trait objects without Debug")]
pub struct Api {
    routes: Router,
    quotas: Quotas,
}

/// The tenant for which a request is served.
#[derive(Debug, Clone)]
struct Tenant(Arc<str>);

impl Api {
    pub fn new(deps: ApiDeps) -> Self {
        Self { quotas: deps.quotas.clone(), routes: routes::router(deps) }
    }
}

/// Returns the OpenAPI description as JSON, as `/api/openapi.json` returns it where no sign-in is needed.
pub fn openapi() -> String {
    describe::json(&describe::complete(routes::table().1, false))
}

/// Serves one request for `tenant`, which the caller has authenticated. Without a tenant only the public routes are
/// served. Every failure is in the response.
pub async fn handle(api: &Api, tenant: Option<&str>, mut request: Request) -> Response {
    let tenant = match tenant {
        Some(tenant) => match api.quotas.take(tenant, CountedUse::Requests, 1).await {
            Ok(Ok(())) => tenant,
            Ok(Err(exceeded)) => return with_headers(Refusal::from(exceeded).into()).await,
            Err(error) => return with_headers(Refusal::from(error).into()).await,
        },
        None if routes::PUBLIC.contains(&request.uri().path()) => "",
        None => return with_headers(Refusal::new(StatusCode::UNAUTHORIZED, "Sign in first.").into()).await,
    };
    // Otherwise the routes would use path parameters that an outer router left in the extensions.
    request.extensions_mut().clear();
    request.extensions_mut().insert(Tenant(tenant.into()));
    let served = AssertUnwindSafe(api.routes.clone().oneshot(request)).catch_unwind().await;
    let answer = match served {
        Ok(Ok(answer)) => answer,
        Ok(Err(never)) => match never {},
        // The panic hook has logged it; clients learn no details.
        Err(_) => Refusal::broken().into(),
    };
    with_headers(answer).await
}
