//! The function on AWS Lambda.

use std::process::ExitCode;

use analytics_consumer::handle;
use riffle_lambda::Cloud;

fn main() -> ExitCode {
    riffle_lambda::run_queue(Cloud::statements_with_bus, handle)
}
