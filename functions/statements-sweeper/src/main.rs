//! The function on AWS Lambda.

use std::process::ExitCode;

use statements_sweeper::handle;
use riffle_lambda::Cloud;

fn main() -> ExitCode {
    riffle_lambda::run(Cloud::statements_sweeper, handle)
}
