//! The tokens people lend a session so that it reads their Google Drive: kept, renewed, forgotten.
//!
//! A token lives about an hour, a scan perhaps longer. Whoever finds that it has expired pauses the session and
//! acknowledges its messages: an expired token is no failure of a file, and redelivery would only burn receives until
//! healthy files are taken for killers. So while a session is paused its messages drain away unread. A new token
//! unpauses it and calls the dispatcher, which hands out again what has no result ([`crate::Dispatcher`]).
//!
//! Who reads the session before it takes the token from the vault, and pauses only if no new token came since
//! (`renewals`), never pauses for a token that has been replaced. One that finds it replaced may acknowledge all the
//! same: each new token is followed by handing out what is missing, and should that call be lost, by the sweep.

use std::time::Duration;

use riffle_contracts::{DispatchJob, ErrorCode, Secret};
use riffle_ports::{
    Failure, Outcome, Paused, PortError, Session, SessionId, Source, Token, TokenVault, Transition,
};
use riffle_topology::scan::DISPATCH;

use crate::state::request::Request;
use crate::{Scan, announce};

/// How Google Drive itself names a user's own folder.
pub(crate) const MY_DRIVE: &str = "root";

/// Google's access tokens live for an hour, and have at most 2,048 bytes.
const LIFETIME: Duration = Duration::from_hours(1);
const MAX_TOKEN: usize = 4_096;

/// Why a text is no access token, for the person who sent it.
pub(crate) fn refused(token: &Secret) -> Option<String> {
    let fits =
        (1..=MAX_TOKEN).contains(&token.0.len()) && token.0.bytes().all(|byte| byte.is_ascii_graphic());
    (!fits).then(|| format!("An access token has 1 to {MAX_TOKEN} visible ASCII characters."))
}

/// Whether the session reads with a token.
pub(crate) fn borrows(request: &Request) -> bool {
    matches!(request.source, Source::Drive { .. })
}

impl Scan {
    /// Keeps a token for a session. In code it expires an hour later, whatever its issuer says.
    pub(crate) async fn keep_token(
        &self,
        vault: &dyn TokenVault,
        (tenant, session): (&str, &SessionId),
        token: Secret,
    ) -> Result<(), PortError> {
        let expires_at = self.ports.clock.now() + LIFETIME;
        vault.put(tenant, session, Token { secret: token.0, expires_at }).await
    }

    /// Forgets the session's token, if it was lent one. Before COMPLETE, after every other end: who does it is done
    /// again until it has been.
    pub(crate) async fn forget_token(&self, session: &Session) -> Result<(), PortError> {
        match &self.tokens {
            Some(vault) if borrows(&Request::decode(&session.request)?) => {
                vault.delete(&session.tenant, &session.id).await
            }
            _ => Ok(()),
        }
    }

    /// The session's token has expired: pauses it, unless it ended, has paused, or was given a new token since it was
    /// read. In each of these cases its messages may be acknowledged: what has no result is handed out again, or is
    /// not wanted.
    pub(crate) async fn pause(&self, session: &Session) -> Result<(), Failure> {
        let by = self.ports.ids.fresh();
        let paused = Paused { by: by.clone(), at: self.ports.clock.now() };
        let pause = Transition::Pause { paused, renewals: session.renewals };
        let paused = match self.ports.ledger.transition(&session.id, pause).await? {
            Outcome::Applied(session) => session,
            // The answer to an earlier try of this very change was lost.
            Outcome::Refused(session) if session.paused.as_ref().is_some_and(|paused| paused.by == by) => {
                session
            }
            Outcome::Refused(_) | Outcome::NoSession => return Ok(()),
        };
        if paused.is_paused() {
            self.tell_paused(&paused.id).await;
        }
        Ok(())
    }

    /// Asks all who listen for a new token.
    pub(crate) async fn tell_paused(&self, id: &SessionId) {
        let message = "Google no longer takes the access token: the scan waits for a new one.";
        self.audience(id).await.tell(announce::error(ErrorCode::TokenExpired, message)).await;
    }

    /// Has the dispatcher go on: with listing, with handing out, or with handing out again what is missing.
    pub(crate) async fn call_dispatcher(&self, id: &SessionId) -> Result<(), Failure> {
        self.send(DISPATCH, id, [DispatchJob { session_id: id.0.clone() }]).await
    }
}
