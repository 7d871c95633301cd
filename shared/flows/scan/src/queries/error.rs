//! What people ask about sessions, and how such a question fails.

use riffle_ports::{PortError, Session, SessionId};

use crate::Scan;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// There is no such thing, or it is another tenant's. The text names the thing.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The cursor was not made for this list.
    #[error("this cursor is not one of this list: begin without it")]
    Cursor,
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Scan {
    /// A session of the tenant. Another tenant's is not found, nor one that is being deleted.
    pub(crate) async fn session_of(
        &self,
        tenant: &str,
        id: &SessionId,
    ) -> Result<Option<Session>, PortError> {
        Ok(self.ports.ledger.session(id).await?.filter(|it| it.tenant == tenant && !it.state.is_gone()))
    }

    /// The tenant's session, or an error that says there is none.
    pub(crate) async fn asked(&self, tenant: &str, id: &SessionId) -> Result<Session, QueryError> {
        self.session_of(tenant, id).await?.ok_or(QueryError::NotFound("scan"))
    }
}
