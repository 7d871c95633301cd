//! Finds the interrupted scan when its command is given again.

use riffle_contracts::Options;
use riffle_ports::{ScanLedger, SessionId, Source};
use riffle_scan::matching::CodeList;
use riffle_scan::{Request, stored_codes};

use crate::error::CommandError;
use crate::platform::Platform;

/// Returns the request of a scan of these folders for these codes.
pub fn request(folders: &[String], options: Options, codes: &CodeList) -> Request {
    let (_, codes_digest) = stored_codes(codes);
    let source = Source::Folders(folders.to_vec());
    Request { source, options, codes_digest, codes: u32::try_from(codes.len()).ok(), retry_of: None }
}

/// Returns an open session with exactly this request.
pub async fn find(platform: &Platform, wanted: &Request) -> Result<Option<SessionId>, CommandError> {
    let wanted = wanted.encode();
    for id in platform.ledger.open_sessions().await? {
        let session = platform.ledger.session(&id).await?;
        if session.is_some_and(|session| session.request == wanted && !session.state.is_terminal()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
