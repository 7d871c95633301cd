//! The error of queries about sessions, and the tenant check that all of them share.

use riffle_ports::{PortError, Session, SessionId};

use crate::Scan;

/// The reason a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// It does not exist, or it is another tenant's. The text names the kind of thing.
    #[error("this {0} does not exist")]
    NotFound(&'static str),
    /// The cursor was not made for this list.
    #[error("this cursor does not belong to this list: start without a cursor")]
    Cursor,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Scan {
    /// Returns a session of the tenant. Another tenant's session is not found, nor is one that is being deleted.
    pub(crate) async fn session_of(
        &self,
        tenant: &str,
        id: &SessionId,
    ) -> Result<Option<Session>, PortError> {
        Ok(self.ports.ledger.session(id).await?.filter(|it| it.tenant == tenant && !it.state.is_gone()))
    }

    /// Returns the tenant's session, or [`QueryError::NotFound`].
    pub(crate) async fn asked(&self, tenant: &str, id: &SessionId) -> Result<Session, QueryError> {
        self.session_of(tenant, id).await?.ok_or(QueryError::NotFound("scan"))
    }
}
