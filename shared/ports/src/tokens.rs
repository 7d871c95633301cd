//! Access tokens that people lend a session so that it may read their files in their name.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::{PortError, SessionId};

/// An access token. Its debug output hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub secret: String,
    /// It is not returned after this time.
    pub expires_at: DateTime<Utc>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").field("secret", &"***").field("expires_at", &self.expires_at).finish()
    }
}

/// A store of tokens by session, so that no message contains one. Access to the store alone does not reveal a token.
#[async_trait]
pub trait TokenVault: Send + Sync {
    /// Stores `token` for a session of `tenant` and replaces the previous one.
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError>;

    /// Returns the token that was put last; `None` if there is none, it was deleted or has expired, or the session is
    /// not the tenant's.
    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError>;

    /// Removes the session's token. A missing one is not an error.
    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError>;
}
