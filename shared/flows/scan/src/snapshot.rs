//! A session as it is now, one page at a time.

use std::fmt;
use std::str::FromStr;

use riffle_contracts::{Failure, FrameBody, Listed, ListedFailure, SessionState};
use riffle_ports::{PortError, Session, State};

use crate::request::Request;
use crate::result::FileResult;
use crate::{Scan, announce};

/// Room for the matches and failures of one frame, of the 32 KB it may have.
const PAGE_BYTES: usize = 28 * 1024;

/// The next match to list: of the file at `index`, the one at `ordinal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    index: u32,
    ordinal: usize,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.ordinal)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (index, ordinal) = text.split_once('.').ok_or(())?;
        Ok(Self { index: index.parse().map_err(|_| ())?, ordinal: ordinal.parse().map_err(|_| ())? })
    }
}

/// What a page holds so far.
#[derive(Default)]
struct Page {
    matches: Vec<Listed>,
    failures: Vec<ListedFailure>,
    bytes: usize,
}

impl Page {
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

impl Scan {
    /// One page of what was found so far, from `start` on. Results that arrive meanwhile before the cursor
    /// are not in it: whoever pages listens, too.
    pub(crate) async fn snapshot_page(
        &self,
        session: &Session,
        start: Cursor,
    ) -> Result<FrameBody, PortError> {
        let mut page = Page::default();
        let cursor = self.fill(session, start, &mut page).await?;
        let total = session.sealed.as_ref().map_or(0, |sealed| sealed.total);
        let complete = session.state == State::Complete;
        let shown = if complete { u64::from(total) } else { u64::from(total.saturating_sub(1)) };
        Ok(FrameBody::Snapshot {
            state: state(session.state),
            total,
            processed: session.counts.processed.min(shown),
            failed: session.counts.failed.min(shown),
            total_matches: session.counts.matches,
            matches: page.matches,
            failures: page.failures,
            cursor: cursor.map(|cursor| cursor.to_string()),
            download_url: complete.then(|| self.settings.links.report(&session.id)),
            reason: session.reason.clone(),
        })
    }

    /// Fills `page` and returns where the next one starts, if this is not the last.
    async fn fill(
        &self,
        session: &Session,
        start: Cursor,
        page: &mut Page,
    ) -> Result<Option<Cursor>, PortError> {
        let Some(sealed) = &session.sealed else {
            return Ok(None);
        };
        let request = Request::decode(&session.request)?;
        let codes = self.codes(session, &request).await?;
        for chunk in sealed.chunk_of(start.index)..sealed.chunks() {
            for (index, stored) in self.ports.ledger.results(&session.id, chunk).await? {
                let nothing = !stored.failed && stored.matches == 0;
                if index < start.index || nothing {
                    continue;
                }
                let entry = self.manifest.entry(&session.id, sealed, index).await?;
                let result = FileResult::load(&*self.ports.objects, &stored).await?;
                if let Some(failure) = result.failure {
                    let failure = ListedFailure {
                        file: index,
                        data: Failure { file_name: entry.name.clone(), reason: failure.reason },
                    };
                    if !page.room_for(&failure) {
                        return Ok(Some(Cursor { index, ordinal: 0 }));
                    }
                    page.failures.push(failure);
                }
                let first = if index == start.index { start.ordinal } else { 0 };
                for (ordinal, found) in result.matches.iter().enumerate().skip(first) {
                    let listed = Listed {
                        match_id: announce::match_id(index, ordinal),
                        data: announce::found(
                            self,
                            session,
                            &request,
                            &codes.list,
                            (index, &entry),
                            (result.codes, found),
                        ),
                    };
                    if !page.room_for(&listed) {
                        return Ok(Some(Cursor { index, ordinal }));
                    }
                    page.matches.push(listed);
                }
            }
        }
        Ok(None)
    }
}

fn state(state: State) -> SessionState {
    match state {
        State::Listing => SessionState::Listing,
        State::Dispatching => SessionState::Dispatching,
        State::Running => SessionState::Running,
        State::Finalizing => SessionState::Finalizing,
        State::Complete => SessionState::Complete,
        State::Failed => SessionState::Failed,
        State::Cancelled => SessionState::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_nonsense_does_not() {
        let cursor = Cursor { index: 7, ordinal: 12 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "7", "7.", ".1", "-1.0", "99999999999.0", "1.2.3"] {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
