//! The function on AWS Lambda.

use std::process::ExitCode;

use file_processor_consumer::handle;
use riffle_lambda::Cloud;

fn main() -> ExitCode {
    riffle_lambda::run(Cloud::processor, async |deps, event| Ok(handle(deps, event).await))
}
