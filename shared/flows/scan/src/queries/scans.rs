//! A tenant's scans, as a list and one by one.

use riffle_contracts::PageCursor;
use riffle_contracts::http::{ScanDetail, ScanOverview, ScanPage, ScanPhase, SourceKind, WorkState};
use riffle_ports::{ListedAt, PortError, Session, SessionId, Source, State};

use crate::queries::error::QueryError;
use crate::queries::snapshot::ShownCounts;
use crate::state::access_token::MY_DRIVE;
use crate::state::request::Request;
use crate::{Scan, announce};

impl Scan {
    /// Returns a page of at most `limit` scans, newest first.
    pub async fn sessions(
        &self,
        tenant: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<ScanPage, QueryError> {
        let after = cursor.map(|cursor| cursor.parse().map_err(|_| QueryError::Cursor)).transpose()?;
        let after = after.map(|PageCursor { at, id }| ListedAt { created_at: at, id: SessionId(id) });
        let listed = self.ports.ledger.sessions(tenant, after.as_ref(), limit).await?;
        let more = listed.len() >= limit as usize;
        let next_cursor = listed
            .last()
            .filter(|_| more)
            .map(|last| PageCursor { at: last.created_at, id: last.id.0.clone() }.to_string());
        let mut scans = Vec::with_capacity(listed.len());
        for session in listed {
            let request = Request::decode(&session.request)?;
            scans.push(self.overview(&session, request).await?);
        }
        Ok(ScanPage { scans, next_cursor })
    }

    /// Returns all that is known of one scan.
    pub async fn session(&self, tenant: &str, id: &SessionId) -> Result<ScanDetail, QueryError> {
        let session = self.session_or_not_found(tenant, id).await?;
        let request = Request::decode(&session.request)?;
        let complete = session.state == State::Complete;
        let receipt = announce::receipt(&session).filter(|_| complete);
        let unread_files =
            if complete { Some(self.coverage(&session, &request).await?.unread_files()) } else { None };
        let options = request.options;
        let source_kind = Some(kind(&request.source));
        let overview = self.overview(&session, request).await?;
        Ok(ScanDetail { overview, options, source_kind, receipt, unread_files })
    }

    async fn overview(&self, session: &Session, request: Request) -> Result<ScanOverview, PortError> {
        let codes = match request.codes {
            Some(codes) => u64::from(codes),
            // Sessions stored before the number was recorded.
            None => self.load_codes(session, &request).await?.len() as u64,
        };
        let shown = ShownCounts::of(session);
        let (state, detail) = standing(session.state, session.is_paused());
        let complete = session.state == State::Complete;
        let finished_at = session.frozen.as_ref().filter(|_| complete).map(|frozen| frozen.finished_at);
        Ok(ScanOverview {
            session_id: session.id.0.clone(),
            state,
            detail,
            created_at: session.created_at,
            started_at: session.started_at,
            finished_at,
            total: session.sealed.as_ref().map(|sealed| sealed.total),
            processed: shown.processed,
            failed: shown.failed,
            matches: session.counts.matches,
            source: described(&request.source),
            codes,
            retry_of: request.retry_of.map(|earlier| earlier.0),
            reason: session.reason.clone(),
            download_url: self.report_link(session),
        })
    }
}

/// Maps a scan's own states to those that all flows share. There is no other such mapping.
fn standing(state: State, is_paused: bool) -> (WorkState, ScanPhase) {
    match state {
        _ if is_paused => (WorkState::Paused, ScanPhase::TokenExpired),
        State::Listing => (WorkState::Queued, ScanPhase::Listing),
        State::Dispatching => (WorkState::Running, ScanPhase::Dispatching),
        State::Running => (WorkState::Running, ScanPhase::Running),
        State::Finalizing => (WorkState::Running, ScanPhase::Finalizing),
        State::Complete => (WorkState::Done, ScanPhase::Complete),
        State::Failed => (WorkState::Failed, ScanPhase::Failed),
        // A deleted scan is no longer listed; one deleted right after it was read is shown as ended.
        State::Cancelled | State::Deleting | State::Deleted => (WorkState::Cancelled, ScanPhase::Cancelled),
    }
}

fn kind(source: &Source) -> SourceKind {
    match source {
        Source::Folders(_) => SourceKind::Folders,
        Source::Upload(_) => SourceKind::Upload,
        Source::Prefix { .. } => SourceKind::Prefix,
        Source::Drive { .. } => SourceKind::Drive,
    }
}

/// Describes a source in words for users.
pub fn described(source: &Source) -> String {
    match source {
        Source::Folders(folders) => folders.join(", "),
        Source::Upload(_) => "uploaded files".to_owned(),
        Source::Prefix { prefix, .. } if prefix.is_empty() => "all files in the uploads bucket".to_owned(),
        Source::Prefix { prefix, .. } => format!("{prefix} in the uploads bucket"),
        Source::Drive { folder, .. } if folder == MY_DRIVE => "My Drive (Google)".to_owned(),
        Source::Drive { folder, .. } => format!("Google Drive folder {folder}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_is_listed_in_the_states_that_all_flows_share() {
        use State::{Cancelled, Complete, Dispatching, Failed, Finalizing, Listing, Running};
        for (state, expected, word) in [
            (Listing, WorkState::Queued, ScanPhase::Listing),
            (Dispatching, WorkState::Running, ScanPhase::Dispatching),
            (Running, WorkState::Running, ScanPhase::Running),
            (Finalizing, WorkState::Running, ScanPhase::Finalizing),
            (Complete, WorkState::Done, ScanPhase::Complete),
            (Failed, WorkState::Failed, ScanPhase::Failed),
            (Cancelled, WorkState::Cancelled, ScanPhase::Cancelled),
        ] {
            assert_eq!(standing(state, false), (expected, word));
        }
        for state in [Listing, Dispatching, Running] {
            assert_eq!(standing(state, true), (WorkState::Paused, ScanPhase::TokenExpired));
        }
    }
}
