//! URLs from which a client downloads large content directly, without a function in between.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{Entry, PortError, Source};

/// A URL that gives its holder access for a limited time. Never stored or logged.
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

/// A generator of such URLs. The caller must have checked that the user may read the content.
#[async_trait]
pub trait DownloadLinks: Send + Sync {
    /// Returns a URL that downloads the object under `key` in the object store as a file called `name`.
    async fn object(&self, key: &str, name: &str) -> Result<Link, PortError>;

    /// Returns a URL that downloads a file of a source as it was listed, called by the last part of its name. `None` if
    /// the source has no such URLs.
    async fn file(&self, source: &Source, entry: &Entry) -> Result<Option<Link>, PortError>;
}
