//! The function on AWS Lambda.

use std::process::ExitCode;
use std::sync::Arc;

use riffle_scan::Dispatcher;
use riffle_topology::scan::{FINISH, WORK};
use scan_dispatcher::handle;

fn main() -> ExitCode {
    riffle_lambda::run_queue(
        |cloud| {
            let (scan, source) = (cloud.scan(&[WORK, FINISH])?, cloud.sources()?);
            Ok(Dispatcher { scan: scan.with_uploads(Arc::clone(&source.uploads.storage)), source })
        },
        handle,
    )
}
