//! A program that is only a sandbox, for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    riffle_reader::sandbox::main().unwrap_or(ExitCode::FAILURE)
}
