//! Matches and failures of a session, in pages of a size that the client chooses.

use riffle_contracts::http::{FailurePage, MatchPage};
use riffle_contracts::{Listed, ListedFailure};
use riffle_ports::{SessionId, StoredResult};

use crate::Scan;
use crate::queries::error::QueryError;
use crate::queries::result_pages::{Cursor, ResultPage};

/// Items of one kind, up to a limit.
struct Limited<T> {
    limit: usize,
    listed: Vec<T>,
}

impl<T> Limited<T> {
    fn take(&mut self, one: T) -> bool {
        let room = self.listed.len() < self.limit;
        if room {
            self.listed.push(one);
        }
        room
    }
}

/// A page of matches only.
impl ResultPage for Limited<Listed> {
    fn wants(&self, stored: &StoredResult) -> bool {
        stored.matches > 0
    }

    fn failure(&mut self, _failure: ListedFailure) -> bool {
        true
    }

    fn found(&mut self, found: Listed) -> bool {
        self.take(found)
    }
}

/// A page of failures only.
impl ResultPage for Limited<ListedFailure> {
    fn wants(&self, stored: &StoredResult) -> bool {
        stored.failed
    }

    fn failure(&mut self, failure: ListedFailure) -> bool {
        self.take(failure)
    }

    fn found(&mut self, _found: Listed) -> bool {
        true
    }
}

impl Scan {
    /// Returns a page of at most `limit` matches. While a scan runs, results that arrive before the cursor are missed.
    pub async fn matches(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<MatchPage, QueryError> {
        let (listed, next_cursor) = self.fill(tenant, session, cursor, limit).await?;
        Ok(MatchPage { matches: listed, next_cursor })
    }

    /// Returns a page of at most `limit` files that could not be read.
    pub async fn failures(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<FailurePage, QueryError> {
        let (listed, next_cursor) = self.fill(tenant, session, cursor, limit).await?;
        Ok(FailurePage { failures: listed, next_cursor })
    }

    async fn fill<T>(
        &self,
        tenant: &str,
        session: &SessionId,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<T>, Option<String>), QueryError>
    where
        Limited<T>: ResultPage,
    {
        let session = self.session_or_not_found(tenant, session).await?;
        let start = cursor.map_or(Ok(Cursor::default()), str::parse).map_err(|()| QueryError::Cursor)?;
        let mut page = Limited { limit, listed: Vec::new() };
        let next = self.walk(&session, start, &mut page).await?;
        Ok((page.listed, next.map(|cursor| cursor.to_string())))
    }
}
