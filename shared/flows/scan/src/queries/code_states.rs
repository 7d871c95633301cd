//! The state of each code of a session, also while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use riffle_contracts::http::{CodeCounts, CodeEntry, CodePage, CodeState};
use riffle_contracts::number;
use riffle_ports::{PortError, Session, SessionId, State};

use crate::Scan;
use crate::queries::code_counts::{CodeSums, CodeVerdict, Coverage, Sum};
use crate::queries::error::QueryError;
use crate::state::request::Request;
use crate::state::result::FileResult;

/// Sessions whose counts are cached: a client that shows a scan requests them repeatedly.
pub(crate) const KEPT_COUNTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
/// The most different texts kept per code that OCR may have misread.
const MAX_READ: usize = 5;

/// Counts over stored results. Only those over full chunks, whose results never change, are cached.
#[derive(Debug, Clone)]
pub(crate) struct CachedCounts {
    session: SessionId,
    chunks: BTreeSet<u32>,
    sums: CodeSums,
    coverage: Coverage,
    /// By code, the texts read by OCR that may be the code.
    read: BTreeMap<u32, Vec<String>>,
}

impl CachedCounts {
    fn misread(&self, code: usize) -> Vec<String> {
        let read = u32::try_from(code).ok().and_then(|code| self.read.get(&code));
        read.cloned().unwrap_or_default()
    }
}

impl Scan {
    /// Returns a page of at most `limit` codes, only those in the `wanted` state if one is given, and the counts of all
    /// codes.
    pub async fn code_states(
        &self,
        tenant: &str,
        session: &SessionId,
        wanted: Option<CodeState>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<CodePage, QueryError> {
        let session = self.session_or_not_found(tenant, session).await?;
        let start: usize = cursor.map_or(Ok(0), |cursor| number(cursor, 9).ok_or(QueryError::Cursor))?;
        let request = Request::decode(&session.request)?;
        let codes = self.codes(&session, &request).await?;
        let counted = self.count(&session, &request).await?;
        let complete = session.state == State::Complete;
        let mut page = CodePage { codes: Vec::new(), next_cursor: None, counts: CodeCounts::default() };
        for (place, (code, sum)) in codes.list.spellings().iter().zip(counted.sums.iter()).enumerate() {
            let state = state(sum, counted.coverage, complete);
            add(&mut page.counts, state);
            if place < start || wanted.is_some_and(|wanted| wanted != state) {
                continue;
            }
            if page.codes.len() < limit {
                let unknown = state == CodeState::Unknown;
                page.codes.push(CodeEntry {
                    code: code.clone(),
                    state,
                    files: u64::from(sum.files),
                    matches: u64::from(sum.matches),
                    unread_files: if unknown { counted.coverage.unread_files() } else { 0 },
                    misread: if unknown { counted.misread(place) } else { Vec::new() },
                });
            } else {
                page.next_cursor.get_or_insert_with(|| place.to_string());
            }
        }
        Ok(page)
    }

    /// Returns how far the files have been read so far.
    pub(crate) async fn coverage(&self, session: &Session, request: &Request) -> Result<Coverage, PortError> {
        Ok(self.count(session, request).await?.coverage)
    }

    /// Counts the stored results: full chunks once, the others each time.
    async fn count(&self, session: &Session, request: &Request) -> Result<CachedCounts, PortError> {
        let mut counted = match self.kept_counts.get(&session.id) {
            Some(counted) => counted,
            None => CachedCounts {
                session: session.id.clone(),
                chunks: BTreeSet::new(),
                sums: CodeSums::new(self.codes(session, request).await?.list.len()),
                coverage: Coverage::default(),
                read: BTreeMap::new(),
            },
        };
        let Some(sealed) = &session.sealed else {
            return Ok(counted);
        };
        let known = counted.chunks.len();
        for chunk in session.chunks_done.clone() {
            if counted.chunks.insert(chunk) {
                self.add_chunk(&mut counted, chunk).await?;
            }
        }
        if counted.chunks.len() > known {
            self.kept_counts.put(session.id.clone(), counted.clone());
        }
        for chunk in sealed.chunks_without(&session.chunks_done) {
            self.add_chunk(&mut counted, chunk).await?;
        }
        Ok(counted)
    }

    async fn add_chunk(&self, counted: &mut CachedCounts, chunk: u32) -> Result<(), PortError> {
        for (_, stored) in self.ports.ledger.results(&counted.session, chunk).await? {
            let result = FileResult::load(&*self.ports.objects, &stored).await?;
            counted.coverage.add(result.failure.is_some(), !result.unread.is_empty());
            counted.sums.add(&result.matches, &result.misread, |_| {});
            for misread in result.misread {
                let read = counted.read.entry(misread.code).or_default();
                if read.len() < MAX_READ && !read.contains(&misread.text) {
                    read.push(misread.text);
                }
            }
        }
        Ok(())
    }
}

/// Applies the report's rule once there is a report. Before that a code is either found or pending.
fn state(sum: Sum, coverage: Coverage, complete: bool) -> CodeState {
    match coverage.verdict(sum) {
        CodeVerdict::Found => CodeState::Found,
        _ if !complete => CodeState::Pending,
        CodeVerdict::Absent => CodeState::Absent,
        CodeVerdict::Unknown => CodeState::Unknown,
    }
}

fn add(counts: &mut CodeCounts, state: CodeState) {
    *match state {
        CodeState::Found => &mut counts.found,
        CodeState::Absent => &mut counts.absent,
        CodeState::Unknown => &mut counts.unknown,
        CodeState::Pending => &mut counts.pending,
    } += 1;
}
