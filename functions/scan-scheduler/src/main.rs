//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_topology::scan::DISPATCH;
use scan_scheduler::handle;

fn main() -> ExitCode {
    riffle_lambda::run(|cloud| cloud.scan_without_clients(&[DISPATCH]), handle)
}
