//! The report of a session, from its stored results.

use bytes::Bytes;
use riffle_ports::{PortError, Sealed, Session};

use crate::Scan;
use crate::finisher::Totals;
use crate::request::Request;
use crate::result::FileResult;

/// Builds the report. Depends on what is stored and frozen alone: the same session, the same bytes.
pub(crate) async fn report(
    scan: &Scan,
    session: &Session,
    sealed: &Sealed,
    request: &Request,
    totals: &Totals,
) -> Result<Bytes, PortError> {
    let _ = (request, totals);
    let mut out = Vec::new();
    for chunk in 0..sealed.chunks() {
        for (index, stored) in scan.ports.ledger.results(&session.id, chunk).await? {
            let entry = scan.manifest.entry(&session.id, sealed, index).await?;
            let result = FileResult::load(&*scan.ports.objects, &stored).await?;
            out.extend(serde_json::to_vec(&(entry, result)).expect("plain data"));
        }
    }
    Ok(Bytes::from(out))
}
