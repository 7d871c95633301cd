//! The function on AWS Lambda.

use std::process::ExitCode;

use websocket_disconnect::{DisconnectDeps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(DisconnectDeps { connections: cloud.connections()? }),
        async |deps, event| Ok(handle(deps, event).await),
    )
}
