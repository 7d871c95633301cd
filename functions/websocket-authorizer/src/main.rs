//! The function on AWS Lambda.

use std::process::ExitCode;

use websocket_authorizer::{AuthorizerDeps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(AuthorizerDeps { tickets: cloud.tickets()?, origins: cloud.env.list("ALLOWED_ORIGINS") }),
        handle,
    )
}
