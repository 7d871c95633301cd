//! The current state of a session, one frame at a time.

use riffle_contracts::{FrameBody, Listed, ListedFailure, SessionState};
use riffle_ports::{PortError, Session, State, StoredResult};

use crate::Scan;
use crate::queries::result_pages::{Cursor, ResultPage};

/// Bytes for the matches and failures of one frame, which may have 32 KB in all.
const PAGE_BYTES: usize = 28 * 1024;

/// The content of a frame so far.
#[derive(Default)]
struct FramePage {
    matches: Vec<Listed>,
    failures: Vec<ListedFailure>,
    bytes: usize,
}

impl FramePage {
    /// Reserves room for an item and returns whether there was any. A page takes at least one item, so that paging
    /// always advances.
    fn room_for(&mut self, json: &impl serde::Serialize) -> bool {
        let bytes = serde_json::to_vec(json).map_or(0, |json| json.len() + 1);
        if self.bytes > 0 && self.bytes + bytes > PAGE_BYTES {
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl ResultPage for FramePage {
    fn wants(&self, stored: &StoredResult) -> bool {
        stored.failed || stored.matches > 0
    }

    fn failure(&mut self, failure: ListedFailure) -> bool {
        let room = self.room_for(&failure);
        if room {
            self.failures.push(failure);
        }
        room
    }

    fn found(&mut self, found: Listed) -> bool {
        let room = self.room_for(&found);
        if room {
            self.matches.push(found);
        }
        room
    }
}

/// The counters of a session as they are shown.
pub(crate) struct ShownCounts {
    pub processed: u64,
    pub failed: u64,
}

impl ShownCounts {
    /// Caps the counters below the total until COMPLETE, because only COMPLETE says that everything is done; the
    /// counters may also count a file twice.
    pub fn of(session: &Session) -> Self {
        let total = session.sealed.as_ref().map_or(0, |sealed| sealed.total);
        let complete = session.state == State::Complete;
        let most = u64::from(if complete { total } else { total.saturating_sub(1) });
        Self { processed: session.counts.processed.min(most), failed: session.counts.failed.min(most) }
    }
}

impl Scan {
    /// Returns one page of the results found so far, from `start` on.
    pub(crate) async fn snapshot_page(
        &self,
        session: &Session,
        start: Cursor,
    ) -> Result<FrameBody, PortError> {
        let mut page = FramePage::default();
        let cursor = self.walk(session, start, &mut page).await?;
        let shown = ShownCounts::of(session);
        Ok(FrameBody::Snapshot {
            state: state(session.state),
            total: session.sealed.as_ref().map_or(0, |sealed| sealed.total),
            processed: shown.processed,
            failed: shown.failed,
            total_matches: session.counts.matches,
            matches: page.matches,
            failures: page.failures,
            cursor: cursor.map(|cursor| cursor.to_string()),
            download_url: self.report_link(session),
            reason: session.reason.clone(),
            paused: session.is_paused(),
        })
    }

    /// Returns the address of a COMPLETE session's report.
    pub(crate) fn report_link(&self, session: &Session) -> Option<String> {
        (session.state == State::Complete).then(|| self.settings.links.report(&session.id))
    }
}

pub(crate) fn state(state: State) -> SessionState {
    match state {
        State::Listing => SessionState::Listing,
        State::Dispatching => SessionState::Dispatching,
        State::Running => SessionState::Running,
        State::Finalizing => SessionState::Finalizing,
        State::Complete => SessionState::Complete,
        State::Failed => SessionState::Failed,
        // A deleted session is no longer shown; one deleted right after it was read is reported as ended.
        State::Cancelled | State::Deleting | State::Deleted => SessionState::Cancelled,
    }
}
