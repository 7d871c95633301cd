//! Lent tokens, only in the memory of this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use riffle_ports::{Clock, PortError, SessionId, Token, TokenVault};

/// A vault without a key: its tokens are gone when the process ends, and their sessions request new ones.
#[derive(Debug, Clone)]
pub struct LocalTokens {
    clock: Arc<dyn Clock>,
    kept: Arc<Mutex<HashMap<SessionId, (String, Token)>>>,
}

impl LocalTokens {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, kept: Arc::default() }
    }

    fn kept<T>(&self, look: impl FnOnce(&mut HashMap<SessionId, (String, Token)>) -> T) -> T {
        let now = self.clock.now();
        // No code that holds the lock can panic half-way, so the value behind a poisoned lock is consistent.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, (_, token)| now < token.expires_at);
        look(&mut kept)
    }
}

#[async_trait]
impl TokenVault for LocalTokens {
    async fn put(&self, tenant: &str, session: &SessionId, token: Token) -> Result<(), PortError> {
        self.kept(|kept| kept.insert(session.clone(), (tenant.to_owned(), token)));
        Ok(())
    }

    async fn get(&self, tenant: &str, session: &SessionId) -> Result<Option<Token>, PortError> {
        let token = self.kept(|kept| kept.get(session).cloned());
        Ok(token.filter(|(owner, _)| owner == tenant).map(|(_, token)| token))
    }

    async fn delete(&self, tenant: &str, session: &SessionId) -> Result<(), PortError> {
        self.kept(|kept| {
            if kept.get(session).is_some_and(|(owner, _)| owner == tenant) {
                kept.remove(session);
            }
        });
        Ok(())
    }
}
