//! What the addresses people are given lead to. Each is checked against the tenant that asks.

use bytes::Bytes;
use riffle_ports::{Entry, PortError, SessionId, Source};

use crate::Scan;
use crate::state::request::Request;

impl Scan {
    /// A file of a session. `None`: no such session or file, or another tenant's.
    pub async fn file(
        &self,
        tenant: &str,
        session: &SessionId,
        index: u32,
    ) -> Result<Option<(Source, Entry)>, PortError> {
        let Some(session) = self.session_of(tenant, session).await? else {
            return Ok(None);
        };
        let Some(sealed) = session.sealed.as_ref().filter(|sealed| index < sealed.total) else {
            return Ok(None);
        };
        let source = Request::decode(&session.request)?.source;
        let entry = self.manifest.entry(&session.id, sealed, index).await?;
        Ok(Some((source, entry)))
    }

    /// A session's report. `None`: no such session, another tenant's, or not finished.
    pub async fn report(&self, tenant: &str, session: &SessionId) -> Result<Option<Bytes>, PortError> {
        match self.report_key(tenant, session).await? {
            Some(key) => self.ports.objects.get(&key).await,
            None => Ok(None),
        }
    }

    /// Where a session's report lies in the object store. `None` as for [`report`](Self::report).
    pub async fn report_key(&self, tenant: &str, session: &SessionId) -> Result<Option<String>, PortError> {
        Ok(self.session_of(tenant, session).await?.and_then(|session| session.report))
    }
}
