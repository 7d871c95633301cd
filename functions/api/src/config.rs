//! What a deployment tells of itself.

use axum::extract::State;
use riffle_contracts::http::Config;

use crate::Deps;
use crate::answer::Json;

/// What this deployment can do, and how much of it.
#[utoipa::path(get, path = "/api/config", operation_id = "get_config", tag = "platform", responses((status = 200, body = Config)))]
pub async fn config(State(deps): State<Deps>) -> Json<Config> {
    Json(deps.config)
}
