//! The two ways in which a flow can fail to process a message.

use crate::PortError;

/// A failure to process a message, by its consequence. Displayed as the reason alone, which people read on a file's
/// record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// A dependency failed. The message becomes a batch item failure, and the queue delivers it again.
    #[error("{0}")]
    Retry(String),
    /// The message is invalid and stays so. It becomes a batch item failure too, so that it ends in the dead-letter
    /// queue, where a person sees it.
    #[error("{0}")]
    Reject(String),
}

impl Failure {
    /// Returns the failure of work that was not begun because too little time is left of the invocation.
    pub fn no_time() -> Self {
        Self::Retry("there is not enough time left to start".to_owned())
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
