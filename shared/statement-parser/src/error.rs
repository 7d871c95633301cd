//! The reasons why a file yields no transactions.

use std::io;

/// The reason why reading ended without a [`crate::Statement`].
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// A fault of the file: reading it again gives the same result.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// A fault of the input: reading it again may succeed.
    #[error("the statement cannot be read: {0}")]
    Io(io::Error),
    /// The sink stopped the reading.
    #[error("the receiver of the rows stopped")]
    Stopped,
}

/// The reason why a file is not a readable statement. The text is for the owner of the file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    #[error("the file is empty")]
    Empty,
    #[error("not a bank statement: {why}")]
    NotAStatement { why: String },
    /// A known format of statements that is not supported.
    #[error("{what} is not supported; export the statement as CSV or OFX")]
    Unsupported { what: String },
    #[error("too large: more than {limit} {what}")]
    TooLarge { what: String, limit: u64 },
    #[error("damaged: {why}")]
    Damaged { why: String },
}

impl Reject {
    pub(crate) fn not_a_statement(why: impl Into<String>) -> ParseError {
        Self::NotAStatement { why: why.into() }.into()
    }

    pub(crate) fn too_large(what: impl Into<String>, limit: u64) -> ParseError {
        Self::TooLarge { what: what.into(), limit }.into()
    }
}
