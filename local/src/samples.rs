//! `riffle samples`.

use std::process::ExitCode;

use riffle_samples::{CODE, SampleOptions, generate, write_hostile};

use crate::cli::SamplesArgs;
use crate::error::CommandError;

#[expect(clippy::print_stdout, reason = "the command's result")]
pub fn run(arguments: &SamplesArgs) -> Result<ExitCode, CommandError> {
    if arguments.hostile {
        let made = write_hostile(&arguments.dir).map_err(|error| CommandError::new(error.to_string()))?;
        println!(
            "{} hostile files in {}; the readable ones contain {CODE}",
            made.len(),
            arguments.dir.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    let options =
        SampleOptions { one_page: arguments.one_page, ..SampleOptions::new(arguments.count, arguments.seed) };
    let made = generate(&arguments.dir, &options).map_err(|error| CommandError::new(error.to_string()))?;
    println!(
        "{} files with {} pages in {}, codes in {}, answers in {}",
        made.files,
        made.pages,
        made.drawings.display(),
        made.codes.display(),
        made.key.display()
    );
    Ok(ExitCode::SUCCESS)
}
