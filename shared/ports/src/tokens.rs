//! What people lend a session so that it may read in their name.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{PortError, SessionId};

/// An access token. It prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub secret: String,
    /// Not given out after it.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("secret", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// Keeps tokens by session, so that none travels in a message. Nobody who reads the store alone learns one.
#[async_trait]
pub trait TokenVault: Send + Sync {
    /// Keeps `token` for a session of `tenant`, in place of the one before.
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError>;

    /// The token as it was last put; `None` where there is none, it was deleted, it is past its time, or the session
    /// is not the tenant's.
    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError>;

    /// Forgets it. An unknown one is no error.
    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError>;
}
