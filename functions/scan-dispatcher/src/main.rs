//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_ports::Queue;
use scan_dispatcher::{Deps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| {
            Ok(Deps { scan: cloud.scan(&[Queue::ScanWork, Queue::ScanFinish])?, source: cloud.sources()? })
        },
        async |deps, event| Ok(handle(deps, event).await),
    )
}
