//! The function on AWS Lambda.

use std::process::ExitCode;

use websocket_authorizer::{Deps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(Deps { tickets: cloud.tickets()?, origins: cloud.env.list("ALLOWED_ORIGINS") }),
        handle,
    )
}
