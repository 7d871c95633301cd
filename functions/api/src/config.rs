//! What a deployment tells of itself.

use axum::extract::State;
use riffle_contracts::http::{Config, Limits};
use riffle_scan::matching::MAX_CODES;

use crate::Deps;
use crate::answer::Json;

/// The most of each that is taken, where nothing else is chosen.
pub fn limits() -> Limits {
    Limits {
        codes: MAX_CODES as u64,
        codes_file_bytes: 5_000_000,
        upload_files: 100_000,
        upload_file_bytes: 512 << 20,
        upload_batch: 1_000,
        part_bytes: 8 << 20,
    }
}

/// What this deployment can do, and how much of it.
#[utoipa::path(get, path = "/api/config", tag = "platform", responses((status = 200, body = Config)))]
pub async fn config(State(deps): State<Deps>) -> Json<Config> {
    Json(deps.config)
}
