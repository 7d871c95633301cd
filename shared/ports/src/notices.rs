//! Notices to people who run the platform, or who wait for a scan without watching it.

use async_trait::async_trait;

use crate::PortError;

/// The end of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line, at most 100 ASCII characters.
    pub subject: String,
    /// Plain text without names of files and without codes.
    pub body: String,
}

/// A sender of notices. Delivery is at least once: a repeated notice has the same content.
#[async_trait]
pub trait Notices: Send + Sync {
    async fn send(&self, notice: Notice) -> Result<(), PortError>;
}
