//! The two ways in which a flow fails on a message.

use crate::PortError;

/// What to do with a message that could not be dealt with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The world failed. The message becomes a batch item failure; the queue delivers it again.
    #[error("to be retried: {0}")]
    Retry(String),
    /// The message is wrong and always will be. It becomes a batch item failure too, so that it ends in the
    /// dead-letter queue where someone sees it.
    #[error("rejected: {0}")]
    Reject(String),
}

impl Failure {
    /// Too little is left of the invocation to begin.
    pub fn no_time() -> Self {
        Self::Retry("there is too little time left to begin with it".to_owned())
    }
}

impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        match error {
            PortError::Unavailable(why) => Self::Retry(why),
            PortError::Broken(why) => Self::Reject(why),
        }
    }
}
