//! The error of queries about sessions.

use riffle_ports::PortError;

/// The reason a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It does not exist, or it is another tenant's. The text names the kind of thing.
    #[error("this {0} does not exist")]
    NotFound(&'static str),
    /// The cursor was not made for this list.
    #[error("this cursor does not belong to this list: start without a cursor")]
    Cursor,
    #[error(transparent)]
    Port(#[from] PortError),
}
