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

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Parser;
use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt as _, filter_fn};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::{Cli, Command};
use crate::error::CommandError;

fn main() -> ExitCode {
    // In a child process that this program started to parse files, do only that.
    if let Some(code) = riffle_reader::sandbox::main() {
        return code;
    }
    let cli = Cli::parse();
    let quiet = match cli.command {
        Command::Serve(_) => "warn",
        // They print the reason of each file that fails.
        Command::Import(_) | Command::Watch(_) => "error,riffle_statements::stages::error_consumer=off",
        _ => "error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(quiet));
    let colours = io::stderr().is_terminal() && platform::variable("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(colours);
    tracing_subscriber::registry().with(log.with_filter(filter.and(filter_fn(is_ours_to_log)))).init();

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

/// Whether an event may be logged. Whatever filter the environment sets: below the level `warn` these crates log whole
/// messages and headers, which contain the tokens.
fn is_ours_to_log(metadata: &Metadata<'_>) -> bool {
    let carriers = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "reqwest"];
    let target = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::WARN || !carriers.contains(&target)
}

fn run(command: impl Future<Output = Result<ExitCode, CommandError>>) -> Result<ExitCode, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(format!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(command);
    // A parser that still runs in a cancelled scan must not keep the program from exiting.
    runtime.shutdown_background();
    outcome
}
