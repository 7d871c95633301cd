//! The function on AWS Lambda.

use std::process::ExitCode;

use ingest_sweeper::handle;
use riffle_lambda::Cloud;

fn main() -> ExitCode {
    riffle_lambda::run(Cloud::ingest_sweeper, handle)
}
