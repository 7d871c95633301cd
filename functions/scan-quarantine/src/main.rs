//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_lambda::Cloud;
use scan_quarantine::handle;

fn main() -> ExitCode {
    // A process that was started to parse files does only that.
    if let Some(code) = riffle_reader::sandbox::main() {
        return code;
    }
    riffle_lambda::run(Cloud::worker, async |deps, event| Ok(handle(deps, event).await))
}
