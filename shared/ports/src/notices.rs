//! News for those who run the platform or wait for a scan without watching it.

use async_trait::async_trait;

use crate::PortError;

/// A scan has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line, at most 100 characters of ASCII.
    pub subject: String,
    /// Plain text. Names no file and no code.
    pub body: String,
}

/// Sends notices. At least once: a repeat says the same.
#[async_trait]
pub trait Notices: Send + Sync {
    async fn send(&self, notice: Notice) -> Result<(), PortError>;
}
