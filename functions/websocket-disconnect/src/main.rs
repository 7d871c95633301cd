//! The function on AWS Lambda.

use std::process::ExitCode;

use websocket_disconnect::{Deps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| Ok(Deps { connections: cloud.connections()? }),
        async |deps, event| Ok(handle(deps, event).await),
    )
}
