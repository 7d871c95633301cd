//! The function on AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;

use riffle_ports::Queue;
use scan_dispatcher::{Deps, handle};

fn main() -> ExitCode {
    riffle_lambda::run(
        |cloud| {
            let (scan, source) = (cloud.scan(&[Queue::ScanWork, Queue::ScanFinish])?, cloud.sources()?);
            Ok(Deps { scan: scan.with_uploads(Arc::clone(&source.uploads.storage)), source })
        },
        async |deps, event| Ok(handle(deps, event).await),
    )
}
