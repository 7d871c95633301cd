//! The error that stops a command, described for a person.

use crate::words::say;

/// The exit code if a command did nothing, or did not finish its work.
const COULD_NOT_RUN: u8 = 2;
/// The exit code that shells use for a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Why a command could not do its work. The message says what happened and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CommandError {
    message: String,
    code: u8,
}

impl CommandError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: COULD_NOT_RUN }
    }

    pub fn interrupted(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: INTERRUPTED }
    }

    pub fn exit_code(&self) -> u8 {
        self.code
    }
}

impl From<riffle_ports::PortError> for CommandError {
    fn from(error: riffle_ports::PortError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

pub fn print(problem: &CommandError) {
    say(&format!("riffle: {problem}"));
}

/// Prints a warning: the command continues.
pub fn print_warning(what: &str) {
    say(&format!("riffle: {what}"));
}
