//! Stored access tokens, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use riffle_ports::{Clock, PortError, SessionId, Token, TokenVault};

use super::lock;

/// A [`TokenVault`] in memory.
pub struct MemoryTokens {
    clock: Arc<dyn Clock>,
    kept: Mutex<BTreeMap<SessionId, StoredToken>>,
}

#[derive(Debug, Default)]
struct StoredToken {
    token: Option<(String, Token)>,
    /// How often a token was stored.
    puts: u32,
}

impl std::fmt::Debug for MemoryTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTokens").finish_non_exhaustive()
    }
}

impl MemoryTokens {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Mutex::default() }
    }

    /// Returns the token kept for a session, expired or not, and how often one was stored.
    pub fn peek(&self, session: &SessionId) -> (Option<Token>, u32) {
        let kept = lock(&self.kept);
        let kept = kept.get(session);
        (
            kept.and_then(|kept| kept.token.as_ref()).map(|(_, token)| token.clone()),
            kept.map_or(0, |kept| kept.puts),
        )
    }
}

#[async_trait]
impl TokenVault for MemoryTokens {
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError> {
        let mut kept = lock(&self.kept);
        let kept = kept.entry(session.clone()).or_default();
        kept.token = Some((tenant.to_owned(), token));
        kept.puts += 1;
        Ok(())
    }

    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError> {
        let now = self.clock.now();
        let kept = lock(&self.kept);
        let kept = kept.get(session).and_then(|kept| kept.token.as_ref());
        let kept = kept.filter(|(owner, token)| owner == tenant && now < token.expires_at);
        Ok(kept.map(|(_, token)| token.clone()))
    }

    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError> {
        if let Some(kept) = lock(&self.kept).get_mut(session) {
            kept.token.take_if(|(owner, _)| owner == tenant);
        }
        Ok(())
    }
}
