//! A session as it is now, one frame at a time.

use riffle_contracts::{FrameBody, Listed, ListedFailure, SessionState};
use riffle_ports::{PortError, Session, State, StoredResult};

use crate::Scan;
use crate::queries::result_pages::{Cursor, Page};

/// Room for the matches and failures of one frame, of the 32 KB it may have.
const PAGE_BYTES: usize = 28 * 1024;

/// What a frame holds so far.
#[derive(Default)]
struct FramePage {
    matches: Vec<Listed>,
    failures: Vec<ListedFailure>,
    bytes: usize,
}

impl FramePage {
    /// Whether there was room. A page takes at least one thing, so that paging always moves on.
    fn room_for(&mut self, json: &impl serde::Serialize) -> bool {
        let bytes = serde_json::to_vec(json).map_or(0, |json| json.len() + 1);
        if self.bytes > 0 && self.bytes + bytes > PAGE_BYTES {
            return false;
        }
        self.bytes += bytes;
        true
    }
}

impl Page for FramePage {
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

/// What is shown of a session's counters.
pub(crate) struct Shown {
    pub processed: u64,
    pub failed: u64,
}

impl Shown {
    /// Held below the total until COMPLETE, which alone says that all is done; the counters may also count a
    /// file twice.
    pub fn of(session: &Session) -> Self {
        let total = session.sealed.as_ref().map_or(0, |sealed| sealed.total);
        let complete = session.state == State::Complete;
        let most = u64::from(if complete { total } else { total.saturating_sub(1) });
        Self { processed: session.counts.processed.min(most), failed: session.counts.failed.min(most) }
    }
}

impl Scan {
    /// One page of what was found so far, from `start` on.
    pub(crate) async fn snapshot_page(
        &self,
        session: &Session,
        start: Cursor,
    ) -> Result<FrameBody, PortError> {
        let mut page = FramePage::default();
        let cursor = self.walk(session, start, &mut page).await?;
        let shown = Shown::of(session);
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

    /// Where the report of a COMPLETE session is.
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
        // Nobody is told of one that is gone; who was just being told hears that it has ended.
        State::Cancelled | State::Deleting | State::Deleted => SessionState::Cancelled,
    }
}
