//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_lambda::Cloud;
use statements_sweeper::handle;

fn main() -> ExitCode {
    riffle_lambda::run(Cloud::statements_sweeper, handle)
}
