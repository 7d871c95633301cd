//! The health of the platform.

use axum::extract::State;
use riffle_contracts::http::{Health, QueueCounts};

use crate::ApiDeps;
use crate::answer::{Answer, Json};

/// Returns the health of the platform and the depths of its queues; 503 if its state does not answer.
#[utoipa::path(get, path = "/api/health", operation_id = "get_health", tag = "platform", responses((status = 200, body = Health)))]
pub async fn health(State(deps): State<ApiDeps>) -> Answer<Json<Health>> {
    let depths = match &deps.probe {
        Some(probe) => probe.queues().await?,
        None => Vec::new(),
    };
    let queues = depths.into_iter().map(|depth| {
        let counts = QueueCounts { ready: depth.ready, in_flight: depth.in_flight, waiting: depth.waiting };
        (depth.queue, counts)
    });
    Ok(Json(Health { status: "ok".to_owned(), queues: queues.collect() }))
}
