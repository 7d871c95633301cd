//! Why a file gives no transactions.

use std::io;

/// Why reading ended without a [`crate::Statement`].
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file's own fault: reading it again ends the same.
    #[error(transparent)]
    Reject(#[from] Reject),
    /// The input's fault: reading it again may go well.
    #[error("the statement cannot be read: {0}")]
    Io(io::Error),
    /// The sink wanted no more.
    #[error("stopped by the receiver of the rows")]
    Stopped,
}

/// Why a file is no statement that can be read. The text is for the person who owns the file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Reject {
    #[error("the file is empty")]
    Empty,
    #[error("this is no bank statement: {why}")]
    NotAStatement { why: String },
    /// A known kind of file that holds statements, and is not read.
    #[error("{what} is not read yet; export the statement as CSV or OFX")]
    Unsupported { what: String },
    #[error("too large: more than {limit} {what}")]
    TooLarge { what: String, limit: u64 },
    #[error("damaged: {why}")]
    Damaged { why: String },
}

impl Reject {
    pub(crate) fn not_a_statement(why: impl Into<String>) -> ReadError {
        Self::NotAStatement { why: why.into() }.into()
    }

    pub(crate) fn too_large(what: impl Into<String>, limit: u64) -> ReadError {
        Self::TooLarge { what: what.into(), limit }.into()
    }
}
