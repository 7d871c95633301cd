//! `riffle doctor`: what is wrong, and what to do.

mod check;
mod machine;
#[cfg(feature = "cloud")]
mod stack;
mod state;

use std::process::ExitCode;

use crate::cli::DoctorArgs;
use crate::doctor::check::Checks;
use crate::error::CommandError;

pub async fn run(arguments: DoctorArgs) -> Result<ExitCode, CommandError> {
    let mut checks = Checks::default();
    #[cfg(feature = "cloud")]
    if let Some(deployed) = crate::cloud::Deployed::named(&arguments.cloud).await? {
        stack::check(&deployed, &mut checks).await?;
        checks.print(arguments.json)?;
        return Ok(checks.exit_code());
    }
    state::check(&arguments.machine, &mut checks)?;
    machine::check(&arguments, &mut checks).await;
    checks.print(arguments.json)?;
    Ok(checks.exit_code())
}
