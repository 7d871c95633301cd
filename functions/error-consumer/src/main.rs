//! The function on AWS Lambda.

use std::process::ExitCode;

use error_consumer::handle;
use riffle_lambda::Cloud;

fn main() -> ExitCode {
    riffle_lambda::run_queue(Cloud::error_recorder, handle)
}
