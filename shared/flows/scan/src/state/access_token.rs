//! The access tokens that users lend a session so that it reads their Google Drive: stored, renewed, removed.
//!
//! A token lives about an hour; a scan may take longer. A process that finds the token expired pauses the session and
//! acknowledges its messages: an expired token is not a failure of a file, and redelivery would only use up deliveries
//! until healthy files count as killers. So while a session is paused its messages drain away unread. A new token
//! unpauses the session and calls the dispatcher, which hands out again all files without a result
//! ([`crate::Dispatcher`]).
//!
//! A process reads the session before it takes the token from the vault, and its pause applies only if no new token has
//! come since (`renewals`), so it never pauses a session because of a token that has been replaced. If its pause is
//! refused for that reason, it may still acknowledge its messages: each new token is followed by handing out the
//! missing files and, should that call be lost, by the sweep.

use std::time::Duration;

use riffle_contracts::{DispatchJob, ErrorCode, Secret};
use riffle_ports::{
    Failure, Paused, PortError, Session, SessionId, Source, Token, TokenVault, Transition, TransitionResult,
};
use riffle_topology::scan::DISPATCH;

use crate::state::request::Request;
use crate::{Scan, announce};

/// How Google Drive itself names a user's own folder.
pub(crate) const MY_DRIVE: &str = "root";

/// Google's access tokens live for an hour, and have at most 2,048 bytes.
const LIFETIME: Duration = Duration::from_hours(1);
const MAX_TOKEN: usize = 4_096;

/// Returns why a text is not an access token, in words for the person who sent it.
pub(crate) fn refused(token: &Secret) -> Option<String> {
    let fits =
        (1..=MAX_TOKEN).contains(&token.0.len()) && token.0.bytes().all(|byte| byte.is_ascii_graphic());
    (!fits).then(|| format!("An access token must have 1 to {MAX_TOKEN} visible ASCII characters."))
}

/// Returns whether the session reads with a token.
pub(crate) fn borrows(request: &Request) -> bool {
    matches!(request.source, Source::Drive { .. })
}

impl Scan {
    /// Stores a token for a session. It expires an hour from now, whatever its issuer says.
    pub(crate) async fn keep_token(
        &self,
        vault: &dyn TokenVault,
        (tenant, session): (&str, &SessionId),
        token: Secret,
    ) -> Result<(), PortError> {
        let expires_at = self.ports.clock.now() + LIFETIME;
        vault.put(tenant, session, Token { secret: token.0, expires_at }).await
    }

    /// Removes the session's token, if it was lent one. Called before COMPLETE and after every other end; a caller that
    /// fails is run again until the token is removed.
    pub(crate) async fn forget_token(&self, session: &Session) -> Result<(), PortError> {
        match &self.tokens {
            Some(vault) if borrows(&Request::decode(&session.request)?) => {
                vault.delete(&session.tenant, &session.id).await
            }
            _ => Ok(()),
        }
    }

    /// Pauses a session whose token has expired, unless it has ended, is paused already, or was given a new token since
    /// it was read. In each of these cases its messages may be acknowledged: files without a result are handed out
    /// again, or are no longer wanted.
    pub(crate) async fn pause(&self, session: &Session) -> Result<(), Failure> {
        let by = self.ports.ids.fresh();
        let paused = Paused { by: by.clone(), at: self.ports.clock.now() };
        let pause = Transition::Pause { paused, renewals: session.renewals };
        let paused = match self.ports.ledger.transition(&session.id, pause).await? {
            TransitionResult::Applied(session) => session,
            // The answer to an earlier try of this transition was lost.
            TransitionResult::Refused(session)
                if session.paused.as_ref().is_some_and(|paused| paused.by == by) =>
            {
                session
            }
            TransitionResult::Refused(_) | TransitionResult::NoSession => return Ok(()),
        };
        if paused.is_paused() {
            self.announce_paused(&paused.id).await;
        }
        Ok(())
    }

    /// Asks all subscribers for a new token.
    pub(crate) async fn announce_paused(&self, id: &SessionId) {
        let message = "Google no longer accepts the access token: the scan waits for a new one.";
        self.audience(id).await.send(announce::error(ErrorCode::TokenExpired, message)).await;
    }

    /// Calls the dispatcher, which continues from the session's state: listing, handing out, handing out again what is
    /// missing, or removing a session that is being deleted.
    pub(crate) async fn call_dispatcher(&self, id: &SessionId) -> Result<(), Failure> {
        self.send(DISPATCH, id, [DispatchJob { session_id: id.0.clone() }]).await
    }
}
