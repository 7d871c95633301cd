//! The targets of the addresses given to users. Each access is checked against the requesting tenant.

use bytes::Bytes;
use riffle_ports::{Entry, PortError, SessionId, Source};

use crate::Scan;
use crate::state::request::Request;

impl Scan {
    /// Returns a file of a session. `None` if there is no such session or file, or it is another tenant's.
    pub async fn file(
        &self,
        tenant: &str,
        session: &SessionId,
        index: u32,
    ) -> Result<Option<(Source, Entry)>, PortError> {
        let Some(session) = self.find_own_session(tenant, session).await? else {
            return Ok(None);
        };
        let Some(sealed) = session.sealed.as_ref().filter(|sealed| index < sealed.total) else {
            return Ok(None);
        };
        let source = Request::decode(&session.request)?.source;
        let entry = self.manifest.entry(&session.id, sealed, index).await?;
        Ok(Some((source, entry)))
    }

    /// Returns a session's report. `None` if there is no such session, it is another tenant's, or it has not finished.
    pub async fn report(&self, tenant: &str, session: &SessionId) -> Result<Option<Bytes>, PortError> {
        match self.report_key(tenant, session).await? {
            Some(key) => self.ports.objects.get(&key).await,
            None => Ok(None),
        }
    }

    /// Returns the object key of a session's report. `None` as for [`report`](Self::report).
    pub async fn report_key(&self, tenant: &str, session: &SessionId) -> Result<Option<String>, PortError> {
        Ok(self.find_own_session(tenant, session).await?.and_then(|session| session.report))
    }
}
