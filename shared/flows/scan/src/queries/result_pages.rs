//! Walks through the results of a session in the order of its files. The one place that decides how stored results
//! become the matches and failures that users see.

use std::fmt;
use std::str::FromStr;

use riffle_contracts::{FailedFile, Listed, ListedFailure, number};
use riffle_ports::{PortError, Session, StoredResult};

use crate::state::result::FileResult;
use crate::{Scan, announce};

/// The next item to list: of the file at `index`, the match at `ordinal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    pub index: u32,
    pub ordinal: usize,
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
        Ok(Self { index: number(index, 9).ok_or(())?, ordinal: number(ordinal, 9).ok_or(())? })
    }
}

/// A page that a walk fills. Its methods return `false` if there is no room for an item; the walk then ends before it.
pub(crate) trait ResultPage: Send {
    /// Returns whether the page may want items of a file with this result. Other results are not loaded.
    fn wants(&self, stored: &StoredResult) -> bool;

    fn failure(&mut self, failure: ListedFailure) -> bool;

    fn found(&mut self, found: Listed) -> bool;
}

impl Scan {
    /// Fills `page` from `start` on and returns where the next page starts, or `None` if this is the last. Results that
    /// arrive meanwhile before the cursor are not included: a client that pages while a scan runs also listens to
    /// frames.
    pub(crate) async fn walk(
        &self,
        session: &Session,
        start: Cursor,
        page: &mut dyn ResultPage,
    ) -> Result<Option<Cursor>, PortError> {
        let Some(sealed) = &session.sealed else {
            return Ok(None);
        };
        let work = self.work(session.clone(), sealed.clone()).await?;
        for chunk in sealed.chunk_of(start.index)..sealed.chunks() {
            for (index, stored) in self.ports.ledger.results(&session.id, chunk).await? {
                if index < start.index || !page.wants(&stored) {
                    continue;
                }
                let entry = self.manifest.entry(&session.id, sealed, index).await?;
                let result = FileResult::load(&*self.ports.objects, &stored).await?;
                if let Some(failure) = result.failure {
                    let data = FailedFile { file_name: entry.name.clone(), reason: failure.reason };
                    if !page.failure(ListedFailure { file: index, data }) {
                        return Ok(Some(Cursor { index, ordinal: 0 }));
                    }
                }
                let first = if index == start.index { start.ordinal } else { 0 };
                for (ordinal, found) in result.matches.iter().enumerate().skip(first) {
                    let data = announce::found(self, &work, (index, &entry), (result.codes, found));
                    if !page.found(Listed { match_id: announce::match_id(index, ordinal), data }) {
                        return Ok(Some(Cursor { index, ordinal }));
                    }
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_nonsense_does_not() {
        let cursor = Cursor { index: 7, ordinal: 12 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "7", "7.", ".1", "-1.0", "+1.0", "9999999999.0", "1.2.3"] {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }
}
