//! Whose token is used, and the tokens at hand.

use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use riffle_ports::{SessionId, TokenVault};
use tokio::time::Instant;

use crate::error::Trouble;

/// Sessions whose token is at hand.
const KEPT: NonZeroUsize = NonZeroUsize::new(8).unwrap();
/// A vault may take a key service to open: it is asked once a minute, not once a file.
const AT_HAND: Duration = Duration::from_mins(1);

/// A session that was lent a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lender {
    pub tenant: String,
    pub session: SessionId,
}

/// Tokens taken from the vault a short time ago.
pub struct AtHand(Mutex<LruCache<Lender, (String, Instant)>>);

impl Default for AtHand {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KEPT)))
    }
}

impl AtHand {
    fn kept(&self) -> MutexGuard<'_, LruCache<Lender, (String, Instant)>> {
        // Nothing under the lock can panic half-way, so what a poisoned lock guards is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lender's token, and whether the vault was asked for it just now.
    pub async fn token(&self, vault: &dyn TokenVault, lender: &Lender) -> Result<(String, bool), Trouble> {
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

    /// The lender's token as the vault has it now. The one at hand is forgotten.
    pub async fn fresh(&self, vault: &dyn TokenVault, lender: &Lender) -> Result<String, Trouble> {
        self.forget(lender);
        let lent = vault.get(&lender.tenant, &lender.session).await?;
        let token = lent.ok_or(Trouble::TokenExpired)?.secret;
        self.kept().put(lender.clone(), (token.clone(), Instant::now()));
        Ok(token)
    }

    pub fn forget(&self, lender: &Lender) {
        self.kept().pop(lender);
    }
}
