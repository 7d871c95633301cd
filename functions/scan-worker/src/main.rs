//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_lambda::Cloud;
use scan_worker::handle;

fn main() -> ExitCode {
    riffle_lambda::run_queue(Cloud::worker, handle)
}
