//! The configuration that a deployment publishes.

use axum::extract::State;
use riffle_contracts::http::Config;

use crate::ApiDeps;
use crate::answer::Json;

/// Returns the features and limits of this deployment.
#[utoipa::path(get, path = "/api/config", operation_id = "get_config", tag = "platform", responses((status = 200, body = Config)))]
pub async fn config(State(deps): State<ApiDeps>) -> Json<Config> {
    Json(deps.config)
}
