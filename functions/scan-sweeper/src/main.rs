//! The function on AWS Lambda.

use std::process::ExitCode;

use riffle_ports::Queue;
use scan_sweeper::handle;

fn main() -> ExitCode {
    riffle_lambda::run(|cloud| cloud.scan(&[Queue::ScanDispatch, Queue::ScanWork, Queue::ScanFinish]), handle)
}
