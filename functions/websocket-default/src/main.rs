//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_topology::scan::DISPATCH;
use websocket_default::{DefaultDeps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(DefaultDeps { scan: cloud.scan(&[DISPATCH])?, connections: cloud.connections()? }),
        async |deps, event| Ok(handle(deps, event).await),
    )
}
