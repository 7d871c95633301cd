//! The binary `riffle`: the whole platform on one machine, and the command line.

mod cli;
mod client;
#[cfg(feature = "cloud")]
mod cloud;
mod doctor;
mod error;
mod import;
mod measured;
mod outcome;
mod platform;
mod redrive;
mod replay;
mod samples;
mod scan;
mod serve;
mod sessions;
mod statements;
mod watch;
mod words;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::cli::{Cli, Command};
use crate::error::Problem;

fn main() -> ExitCode {
    // Started by itself to parse files, it does nothing else.
    if let Some(code) = riffle_reader::sandbox::main() {
        return code;
    }
    let cli = Cli::parse();
    let quiet = if matches!(cli.command, Command::Serve(_)) { "warn" } else { "error" };
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    // These would write whole messages and headers, with the tokens in them.
    for carrier in ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "reqwest"] {
        let directive = format!("{carrier}=warn").parse().expect("a directive");
        filter = filter.add_directive(directive);
    }
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();

    let outcome = match cli.command {
        Command::Scan(arguments) => run(scan::run(arguments)),
        Command::Sessions(arguments) => run(sessions::run(arguments)),
        Command::Serve(arguments) => run(serve::run(arguments)),
        Command::Doctor(arguments) => run(doctor::run(arguments)),
        Command::Import(arguments) => run(import::run(arguments)),
        Command::Watch(arguments) => run(watch::run(arguments)),
        Command::Replay(arguments) => run(replay::run(arguments)),
        Command::Redrive(arguments) => run(redrive::run(arguments)),
        Command::Samples(arguments) => samples::run(&arguments),
    };
    outcome.unwrap_or_else(|problem| {
        error::print(&problem);
        ExitCode::from(problem.exit_code())
    })
}

fn run(command: impl Future<Output = Result<ExitCode, Problem>>) -> Result<ExitCode, Problem> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Problem::new(format!("the program could not start its threads: {error}")))?;
    let outcome = runtime.block_on(command);
    // A parser still at work in a cancelled scan must not hold the program.
    runtime.shutdown_background();
    outcome
}
