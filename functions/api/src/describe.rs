//! The frame of the API's description: what the routes themselves do not say.

use riffle_contracts::http::Problem;
use riffle_contracts::{Action, Frame};
use utoipa::OpenApi as _;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{OpenApi, Ref, RefOr};

/// The WebSocket's messages stand among the schemas, though no route has them.
#[derive(Debug, utoipa::OpenApi)]
#[openapi(
    info(
        title = "Riffle",
        description = "Leafs through files for codes. A scan is started and followed over the WebSocket (`/ws`): \
                       a client sends an Action and receives Frames, each one JSON text. All else is here. Errors \
                       are `application/problem+json` (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Action, Frame, Problem)),
    tags(
        (name = "platform", description = "The deployment itself"),
        (name = "websocket", description = "Getting into the WebSocket"),
        (name = "sources", description = "What to read, and what to look for"),
        (name = "sessions", description = "Scans and what they found"),
        (name = "statements", description = "Bank statements, and the transactions that came of them"),
        (name = "downloads", description = "Addresses that stay: reports link to them")
    )
)]
struct Description;

pub fn frame() -> OpenApi {
    let mut description = Description::openapi();
    // A server is what answered.
    description.servers = None;
    description
}

/// The whole description as JSON. Every operation may answer with a problem.
pub fn json(description: &OpenApi) -> String {
    complete(description.clone()).to_pretty_json().expect("a description is plain data")
}

/// With the answer that every operation may give.
pub fn complete(mut description: OpenApi) -> OpenApi {
    let problem = ResponseBuilder::new()
        .description("Why it was not served.")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build(),
        )
        .build();
    for item in description.paths.paths.values_mut() {
        for operation in
            [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
        {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
    description
}
