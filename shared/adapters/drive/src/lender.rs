//! Whose token is used, and the tokens at hand.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use riffle_ports::{SessionId, TokenVault};
use tokio::time::Instant;

use crate::trouble::Trouble;

/// Sessions whose token is at hand.
const KEPT: usize = 8;
/// A vault may take a key service to open: it is asked once a minute, not once a file.
const AT_HAND: Duration = Duration::from_mins(1);

/// A session that was lent a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lender {
    pub tenant: String,
    pub session: SessionId,
}

/// Tokens taken from the vault a short time ago.
#[derive(Default)]
pub struct AtHand(Mutex<VecDeque<(Lender, String, Instant)>>);

impl AtHand {
    /// The lender's token, and whether the vault was asked for it just now.
    pub async fn token(&self, vault: &dyn TokenVault, lender: &Lender) -> Result<(String, bool), Trouble> {
        let now = Instant::now();
        {
            // Nothing under the lock can panic half-way, so what a poisoned lock guards is whole.
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|(_, _, at)| now.duration_since(*at) < AT_HAND);
            if let Some((_, token, _)) = kept.iter().find(|(whose, ..)| whose == lender) {
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
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_front((lender.clone(), token.clone(), Instant::now()));
        kept.truncate(KEPT);
        Ok(token)
    }

    pub fn forget(&self, lender: &Lender) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(whose, ..)| whose != lender);
    }
}
