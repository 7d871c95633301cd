//! The function on AWS Lambda.

use std::process::ExitCode;

use websocket_connect::{ConnectDeps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(ConnectDeps { connections: cloud.connections()?, clock: cloud.clock.clone() }),
        async |deps, event| Ok(handle(deps, event).await),
    )
}
