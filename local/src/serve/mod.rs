//! `riffle serve`.
use crate::cli::Serve;
use crate::error::Problem;
use std::process::ExitCode;
pub async fn run(_arguments: Serve) -> Result<ExitCode, Problem> {
    Err(Problem::new("not yet"))
}
