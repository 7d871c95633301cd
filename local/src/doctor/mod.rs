//! `riffle doctor`: what is wrong, and what to do.

mod check;
mod machine;
mod state;

use std::process::ExitCode;

use crate::cli::Doctor;
use crate::doctor::check::Checks;
use crate::error::Problem;

pub async fn run(arguments: Doctor) -> Result<ExitCode, Problem> {
    let mut checks = Checks::default();
    state::check(&arguments.machine, &mut checks)?;
    machine::check(&arguments, &mut checks).await;
    checks.print(arguments.json)?;
    Ok(checks.exit_code())
}
