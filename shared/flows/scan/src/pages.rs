//! Matches and failures of a session, in pages as large as whoever asks can take.

use riffle_contracts::http::{FailurePage, MatchPage};
use riffle_contracts::{Listed, ListedFailure};
use riffle_ports::{SessionId, StoredResult};

use crate::Scan;
use crate::query::QueryError;
use crate::walk::{Cursor, Page};

/// Matches alone, up to so many.
struct Matches {
    limit: usize,
    listed: Vec<Listed>,
}

impl Page for Matches {
    fn wants(&self, stored: &StoredResult) -> bool {
        stored.matches > 0
    }

    fn failure(&mut self, _failure: ListedFailure) -> bool {
        true
    }

    fn found(&mut self, found: Listed) -> bool {
        let room = self.listed.len() < self.limit;
        if room {
            self.listed.push(found);
        }
        room
    }
}

/// Failures alone, up to so many.
struct Failures {
    limit: usize,
    listed: Vec<ListedFailure>,
}

impl Page for Failures {
    fn wants(&self, stored: &StoredResult) -> bool {
        stored.failed
    }

    fn failure(&mut self, failure: ListedFailure) -> bool {
        let room = self.listed.len() < self.limit;
        if room {
            self.listed.push(failure);
        }
        room
    }

    fn found(&mut self, _found: Listed) -> bool {
        true
    }
}

impl Scan {
    /// A page of at most `limit` matches. While a scan runs, results that arrive before the cursor are not seen.
    pub async fn matches(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<MatchPage, QueryError> {
        let mut page = Matches { limit, listed: Vec::new() };
        let next_cursor = self.fill(tenant, session, cursor, &mut page).await?;
        Ok(MatchPage { matches: page.listed, next_cursor })
    }

    /// A page of at most `limit` files that could not be read.
    pub async fn failures(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FailurePage, QueryError> {
        let mut page = Failures { limit, listed: Vec::new() };
        let next_cursor = self.fill(tenant, session, cursor, &mut page).await?;
        Ok(FailurePage { failures: page.listed, next_cursor })
    }

    async fn fill(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        page: &mut dyn Page,
    ) -> Result<Option<String>, QueryError> {
        let session = self.asked(tenant, session).await?;
        let start = cursor.map_or(Ok(Cursor::default()), str::parse).map_err(|()| QueryError::Cursor)?;
        Ok(self.walk(&session, start, page).await?.map(|cursor| cursor.to_string()))
    }
}
