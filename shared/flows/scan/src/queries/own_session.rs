//! The tenant check that all queries about sessions share.

use riffle_ports::{PortError, Session, SessionId};

use crate::Scan;
use crate::queries::error::QueryError;

impl Scan {
    /// Returns a session of the tenant. Another tenant's session is not found, nor is one that is being deleted.
    pub(crate) async fn find_own_session(
        &self,
        tenant: &str,
        id: &SessionId,
    ) -> Result<Option<Session>, PortError> {
        Ok(self.ports.ledger.session(id).await?.filter(|it| it.tenant == tenant && !it.state.is_gone()))
    }

    /// Returns the tenant's session, or [`QueryError::NotFound`].
    pub(crate) async fn session_or_not_found(
        &self,
        tenant: &str,
        id: &SessionId,
    ) -> Result<Session, QueryError> {
        self.find_own_session(tenant, id).await?.ok_or(QueryError::NotFound("scan"))
    }
}
