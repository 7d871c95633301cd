//! The tokens of sessions, with a cache of recently used ones.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use riffle_ports::{SessionId, TokenVault};
use tokio::time::Instant;

use crate::error::DriveError;

/// Maximum sessions in the cache.
const KEPT: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// Lifetime of a cached token. Opening the vault may need a key service, so it is queried once a minute, not once a
/// file.
const AT_HAND: Duration = Duration::from_mins(1);

/// A session with a lent token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lender {
    pub tenant: String,
    pub session: SessionId,
}

/// A cache of tokens recently read from the vault.
pub struct AtHand(Mutex<LruCache<Lender, (String, Instant)>>);

impl Default for AtHand {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl AtHand {
    fn kept(&self) -> MutexGuard<'_, LruCache<Lender, (String, Instant)>> {
        // No code that holds the lock can panic half-way, so the value behind a poisoned lock is consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the lender's token, and whether it was just read from the vault.
    pub async fn token(&self, vault: &dyn TokenVault, lender: &Lender) -> Result<(String, bool), DriveError> {
        let now = Instant::now();
        {
            let mut kept = self.kept();
            kept.retain(|_, (_, at)| now.duration_since(*at) < AT_HAND);
            if let Some((token, _)) = kept.get(lender) {
                return Ok((token.clone(), false));
            }
        }
        Ok((self.fresh(vault, lender).await?, true))
    }

    /// Returns the lender's token from the vault, and replaces the cached one.
    pub async fn fresh(&self, vault: &dyn TokenVault, lender: &Lender) -> Result<String, DriveError> {
        self.forget(lender);
        let stored = vault.get(&lender.tenant, &lender.session).await?;
        let token = stored.ok_or(DriveError::TokenExpired)?.secret;
        self.kept().put(lender.clone(), (token.clone(), Instant::now()));
        Ok(token)
    }

    pub fn forget(&self, lender: &Lender) {
        self.kept().pop(lender);
    }
}
