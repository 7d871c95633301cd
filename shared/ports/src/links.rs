//! Addresses at which a client fetches large content itself, without a function in between.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Entry, PortError, Source};

/// An address for whoever has it, for a while. Never stored or logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("url", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// Makes such addresses. Who asks has been checked.
#[async_trait]
pub trait DownloadLinks: Send + Sync {
    /// Saves what lies under `key` in the object store as `name`.
    async fn object(&self, key: &str, name: &str) -> Result<Link, PortError>;

    /// Saves a file of a source as it was listed, under the last part of its name. `None` where the source has no
    /// such addresses.
    async fn file(&self, source: &Source, entry: &Entry) -> Result<Option<Link>, PortError>;
}
