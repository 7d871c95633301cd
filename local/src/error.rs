//! What keeps a command from running, said to a person.

use crate::words::say;

/// "Could not run": nothing was done, or not to the end.
const COULD_NOT_RUN: u8 = 2;
/// What shells report of a program ended by Ctrl-C.
const INTERRUPTED: u8 = 130;

/// Why a command could not do its work. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    message: String,
    code: u8,
}

impl Problem {
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

impl From<riffle_ports::PortError> for Problem {
    fn from(error: riffle_ports::PortError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

pub fn print(problem: &Problem) {
    say(&format!("riffle: {problem}"));
}

/// What a person should know, and yet keeps nothing from going on.
pub fn print_warning(what: &str) {
    say(&format!("riffle: {what}"));
}
