//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_topology::scan::{DISPATCH, FINISH, WORK};
use scan_sweeper::handle;

fn main() -> ExitCode {
    riffle_lambda::run(|cloud| cloud.scan(&[DISPATCH, WORK, FINISH]), handle)
}
