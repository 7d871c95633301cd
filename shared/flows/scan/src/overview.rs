//! A tenant's sessions, in a list and one by one.

use chrono::DateTime;
use riffle_contracts::http::{SessionDetail, SessionOverview, SessionPage, SourceKind};
use riffle_ports::{ListedAt, PortError, Session, SessionId, Source, State};

use crate::lent::MY_DRIVE;
use crate::query::QueryError;
use crate::request::Request;
use crate::snapshot::{Shown, state};
use crate::{Scan, announce};

/// The longest id in a cursor, in bytes.
const MAX_ID: usize = 64;

impl Scan {
    /// A page of at most `limit` sessions, newest first.
    pub async fn sessions(
        &self,
        tenant: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<SessionPage, QueryError> {
        let after = cursor.map(|cursor| decode(cursor).ok_or(QueryError::Cursor)).transpose()?;
        let listed = self.ports.ledger.sessions(tenant, after.as_ref(), limit).await?;
        let more = listed.len() >= limit as usize;
        let cursor = listed.last().filter(|_| more).map(|last| encode(&ListedAt::from(last)));
        let mut sessions = Vec::with_capacity(listed.len());
        for session in listed {
            let request = Request::decode(&session.request)?;
            sessions.push(self.overview(&session, request).await?);
        }
        Ok(SessionPage { sessions, cursor })
    }

    /// All that is known of one session.
    pub async fn session(&self, tenant: &str, id: &SessionId) -> Result<SessionDetail, QueryError> {
        let session = self.asked(tenant, id).await?;
        let request = Request::decode(&session.request)?;
        let complete = session.state == State::Complete;
        let receipt = announce::receipt(&session).filter(|_| complete);
        let unread_files =
            if complete { Some(self.coverage(&session, &request).await?.unread_files()) } else { None };
        let options = request.options;
        let source_kind = Some(kind(&request.source));
        let overview = self.overview(&session, request).await?;
        Ok(SessionDetail { overview, options, source_kind, receipt, unread_files })
    }

    async fn overview(&self, session: &Session, request: Request) -> Result<SessionOverview, PortError> {
        let codes = match request.codes {
            Some(codes) => u64::from(codes),
            // Sessions of a time when it was not noted.
            None => self.load_codes(session, &request).await?.len() as u64,
        };
        let shown = Shown::of(session);
        let complete = session.state == State::Complete;
        let finished_at = session.frozen.as_ref().filter(|_| complete).map(|frozen| frozen.finished_at);
        Ok(SessionOverview {
            session_id: session.id.0.clone(),
            state: state(session.state),
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

fn kind(source: &Source) -> SourceKind {
    match source {
        Source::Folders(_) => SourceKind::Folders,
        Source::Upload(_) => SourceKind::Upload,
        Source::Prefix { .. } => SourceKind::Prefix,
        Source::Drive { .. } => SourceKind::Drive,
    }
}

/// A source as a person would say it.
pub fn described(source: &Source) -> String {
    match source {
        Source::Folders(folders) => folders.join(", "),
        Source::Upload(_) => "uploaded files".to_owned(),
        Source::Prefix { prefix, .. } if prefix.is_empty() => "all files of the uploads bucket".to_owned(),
        Source::Prefix { prefix, .. } => format!("{prefix} in the uploads bucket"),
        Source::Drive { folder, .. } if folder == MY_DRIVE => "My Drive (Google)".to_owned(),
        Source::Drive { folder, .. } => format!("Google Drive folder {folder}"),
    }
}

fn encode(place: &ListedAt) -> String {
    let time = place.created_at;
    format!("{}.{}.{}", time.timestamp(), time.timestamp_subsec_nanos(), place.id)
}

fn decode(cursor: &str) -> Option<ListedAt> {
    let (seconds, rest) = cursor.split_once('.')?;
    let (nanos, id) = rest.split_once('.')?;
    let created_at = DateTime::from_timestamp(seconds.parse().ok()?, nanos.parse().ok()?)?;
    (id.len() <= MAX_ID).then(|| ListedAt { created_at, id: SessionId(id.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_trip_and_nonsense_does_not() {
        for nanos in [0, 7, 999_999_999] {
            let created_at = DateTime::from_timestamp(1_700_000_000, nanos).expect("a time");
            let place = ListedAt { created_at, id: SessionId("00ff".into()) };
            assert_eq!(decode(&encode(&place)), Some(place));
        }
        let long = format!("1.0.{}", "a".repeat(65));
        for text in ["", "1", "1.2", "x.0.id", "1.x.id", "1.-1.id", "99999999999999999.0.id", &long] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
