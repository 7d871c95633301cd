//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_lambda::Cloud;
use s3_event_handler::handle;

fn main() -> ExitCode {
    riffle_lambda::run_queue(Cloud::receiver, handle)
}
