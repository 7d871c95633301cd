//! A client that behaves like the dashboard: connects, starts, listens, reconnects by itself, resumes and pages.
//!
//! It knows only the content of its frames. Its final knowledge is compared with the ledger.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use riffle_contracts::{Action, ErrorCode, FoundMatch, Frame, FrameBody, Secret, SessionState, StartScan};
use riffle_testkit::simulator::Rng;

use super::scenario::{ClientPlan, Joins};
use crate::Violation;

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Connect,
    Start,
    Resume(Option<String>),
    Renew,
    Cancel,
}

/// The client's connection to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ConnectionPhase {
    Down,
    /// The handshake is in progress.
    Opening(String),
    Up(String),
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent fact that the client knows or has done"
)]
pub struct SimClient {
    pub plan: ClientPlan,
    number: usize,
    line: ConnectionPhase,
    connections: u32,
    start: StartScan,
    /// The session's id, once a frame has named it.
    pub session: Option<String>,
    pub matches: BTreeMap<String, FoundMatch>,
    /// Files that failed, with the reasons given.
    pub failures: BTreeMap<u32, String>,
    /// The number of processed files it shows: the highest it ever received.
    shown: u64,
    /// The terminal state of the session, once received.
    pub ended: Option<SessionState>,
    /// Matches, files and failed files according to COMPLETE.
    pub totals: Option<(u64, u64, u64)>,
    pub refused: Option<ErrorCode>,
    waiting: Option<(Ask, DateTime<Utc>)>,
    /// The next page to request; `None` once everything has been paged on this connection.
    #[expect(clippy::option_option, reason = "no page, the first page, or the page at a cursor")]
    page: Option<Option<String>>,
    /// Whether the current paging began after the end of the session.
    last_paging: bool,
    /// Whether a paging that began after the end is complete, so that nothing more will change.
    pub settled: bool,
    cancelled: bool,
    /// Whether a frame said that the session waits for a new token.
    paused: bool,
    frames: u32,
    joins_at: DateTime<Utc>,
    /// The state of the session to be retried.
    earlier: Earlier,
}

/// The state of a session to be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    Unknown,
    Open,
    Complete,
    /// Failed or cancelled.
    Ended,
}

impl SimClient {
    pub fn new(number: usize, plan: ClientPlan, start: StartScan, now: DateTime<Utc>) -> Self {
        Self {
            joins_at: match plan.joins {
                Joins::After(milliseconds) => now + TimeDelta::milliseconds(milliseconds),
                Joins::Late => DateTime::<Utc>::MAX_UTC,
            },
            plan,
            number,
            line: ConnectionPhase::Down,
            connections: 0,
            start,
            session: None,
            matches: BTreeMap::new(),
            failures: BTreeMap::new(),
            shown: 0,
            ended: None,
            totals: None,
            refused: None,
            waiting: None,
            page: None,
            last_paging: false,
            settled: false,
            cancelled: false,
            paused: false,
            frames: 0,
            earlier: Earlier::Unknown,
        }
    }

    /// Returns the connection it holds or is opening.
    pub fn connection(&self) -> Option<&str> {
        match &self.line {
            ConnectionPhase::Down => None,
            ConnectionPhase::Opening(id) | ConnectionPhase::Up(id) => Some(id),
        }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.line, ConnectionPhase::Up(_))
    }

    /// Returns when it acts next if no frame arrives.
    pub fn due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.settled {
            return None;
        }
        match &self.waiting {
            _ if now < self.joins_at => (self.joins_at < DateTime::<Utc>::MAX_UTC).then_some(self.joins_at),
            Some((_, until)) => Some(*until),
            None => self.intent().map(|_| now),
        }
    }

    /// Returns its next request, if one is due. A client that gives up waiting for an answer opens a new connection.
    pub fn act(&mut self, now: DateTime<Utc>, rng: &mut Rng) -> Option<Ask> {
        if self.settled {
            return None;
        }
        if let Some((_, until)) = &self.waiting {
            if *until > now {
                return None;
            }
            self.disconnected();
        }
        let ask = self.intent()?;
        match &ask {
            Ask::Connect => {
                self.connections += 1;
                self.line = ConnectionPhase::Opening(format!("c{}-{}", self.number, self.connections));
            }
            Ask::Cancel => self.cancelled = true,
            Ask::Resume(None) => self.last_paging = self.ended.is_some(),
            Ask::Start | Ask::Renew | Ask::Resume(Some(_)) => {}
        }
        self.waiting = Some((ask.clone(), now + TimeDelta::seconds(rng.between(5, 40))));
        Some(ask)
    }

    fn intent(&self) -> Option<Ask> {
        if self.is_idle() {
            return None;
        }
        if self.line == ConnectionPhase::Down {
            return Some(Ask::Connect);
        }
        if self.session.is_none() {
            return (!self.plan.pries).then_some(Ask::Start);
        }
        if let Some(after) = self.plan.cancel_after
            && !self.cancelled
            && self.ended.is_none()
            && self.frames >= after
        {
            return Some(Ask::Cancel);
        }
        if self.paused && self.ended.is_none() {
            return Some(Ask::Renew);
        }
        self.page.clone().map(Ask::Resume)
    }

    /// Returns whether it waits for a session to retry.
    pub fn is_idle(&self) -> bool {
        self.plan.retries && self.start.retry_of.is_none() && self.session.is_none()
    }

    /// Returns the message for `ask`.
    pub fn message(&self, ask: &Ask) -> Option<String> {
        let session_id = self.session.clone().unwrap_or_default();
        let action = match ask {
            Ask::Connect => return None,
            Ask::Start => Action::StartScan(Box::new(self.start.clone())),
            // Of the prying clients, those with an even number try to retry the session, the others to resume it.
            Ask::Resume(_) if self.plan.pries && self.number.is_multiple_of(2) => {
                let retry_of = Some(session_id);
                Action::StartScan(Box::new(StartScan { retry_of, ..StartScan::default() }))
            }
            Ask::Resume(cursor) => Action::Resume { session_id, cursor: cursor.clone() },
            Ask::Renew => Action::RenewToken {
                session_id,
                token: self.start.token.clone().unwrap_or(Secret(String::new())),
            },
            Ask::Cancel => Action::CancelScan { session_id },
        };
        serde_json::to_string(&action).ok()
    }

    /// Sets another request id, so that the next start is another scan.
    pub fn forget_request_id(&mut self, other: String) {
        self.start.request_id = Some(other);
    }

    /// Handles the successful handshake of `connection`.
    pub fn connected(&mut self, connection: &str) {
        if self.line == ConnectionPhase::Opening(connection.to_owned()) {
            self.line = ConnectionPhase::Up(connection.to_owned());
            self.waiting = None;
            // Frames sent in between were missed.
            self.page = Some(None);
        }
    }

    /// Handles the loss of the connection, by accident or because an answer did not arrive.
    pub fn disconnected(&mut self) {
        self.line = ConnectionPhase::Down;
        self.waiting = None;
    }

    /// Lets it start now if it was to join later.
    pub fn join(&mut self, now: DateTime<Utc>) {
        self.joins_at = self.joins_at.min(now);
    }

    /// Makes a client that planned to cancel do so now, because its session is about to end.
    pub fn hurry(&mut self) {
        self.plan.cancel_after = self.plan.cancel_after.map(|_| 0);
    }

    /// Gives it the token that its user fetched.
    pub fn borrow_token(&mut self, token: String) {
        self.start.token = Some(Secret(token));
    }

    /// Makes it retry this session.
    pub fn retry(&mut self, session: &str, earlier: Earlier) {
        self.start.retry_of = Some(session.to_owned());
        self.earlier = earlier;
    }

    /// Makes it listen to this session, whose id it got elsewhere.
    pub fn point_at(&mut self, session: &str) {
        self.session = Some(session.to_owned());
        self.page = Some(None);
    }

    /// Handles a frame that arrived on its connection.
    pub fn receive(&mut self, frame: Frame) -> Result<(), Violation> {
        self.frames += 1;
        let known = self.session.is_none() || self.session == frame.session_id || frame.session_id.is_none();
        if self.plan.pries {
            return self.overhear(&frame);
        }
        if !known {
            return Err(Violation::new(8, "one request id, two sessions in one client's frames"));
        }
        if self.session.is_none() && frame.session_id.is_some() {
            self.session = frame.session_id;
        }
        match frame.body {
            FrameBody::Started { .. } => self.paused = false,
            FrameBody::Pong => {}
            FrameBody::Progress { value, processed, total, failed, .. } => {
                if processed >= u64::from(total) || value >= 100 || failed > processed {
                    let what = format!("PROGRESS shows {processed} of {total} ({value} %), {failed} failed");
                    return Err(Violation::new(1, what));
                }
                self.shown = self.shown.max(processed);
            }
            FrameBody::MatchFound { match_id, data } => self.learn(match_id, data)?,
            FrameBody::FileFailed { file, data } => {
                self.fail(file, data.reason)?;
            }
            FrameBody::Snapshot { state, processed, matches, failures, cursor, paused, .. } => {
                self.paused = paused;
                for listed in matches {
                    self.learn(listed.match_id, listed.data)?;
                }
                for failure in failures {
                    self.fail(failure.file, failure.data.reason)?;
                }
                self.shown = self.shown.max(processed);
                if is_terminal(state) {
                    self.end(state)?;
                }
                self.turn_page(is_terminal(state), cursor);
            }
            FrameBody::Complete { total_matches, total_processed, total_failed, .. } => {
                if self.shown > total_processed {
                    let what = format!("{} files shown, COMPLETE says {total_processed}", self.shown);
                    return Err(Violation::new(1, what));
                }
                self.totals = Some((total_matches, total_processed, total_failed));
                self.shown = total_processed;
                self.end(SessionState::Complete)?;
                self.look_again();
            }
            FrameBody::Cancelled { .. } => {
                self.end(SessionState::Cancelled)?;
                self.look_again();
            }
            FrameBody::Error { code, .. } => {
                if code == ErrorCode::TokenExpired {
                    self.paused = true;
                } else if code == ErrorCode::ScanFailed {
                    self.end(SessionState::Failed)?;
                    self.look_again();
                } else if code == ErrorCode::WrongState && self.plan.retries && self.session.is_none() {
                    self.waiting = None;
                    match self.earlier {
                        // An answer, received late, to a request sent before the session was complete.
                        Earlier::Complete => {}
                        Earlier::Ended => self.settled = true,
                        Earlier::Open | Earlier::Unknown => self.start.retry_of = None,
                    }
                } else {
                    // The request was not carried out: repeat it, with paging from the start.
                    self.refused = Some(code);
                    match self.waiting.take() {
                        Some((Ask::Cancel, _)) => self.cancelled = code != ErrorCode::Unavailable,
                        // Whether the session still waits for a token, or what happened to it, is unknown: request a
                        // snapshot.
                        Some((Ask::Renew, _)) if code == ErrorCode::WrongState => {
                            self.paused = false;
                            self.page = Some(None);
                        }
                        _ => {}
                    }
                    self.page = self.page.take().map(|_| None);
                }
            }
        }
        Ok(())
    }

    fn turn_page(&mut self, terminal: bool, cursor: Option<String>) {
        let asked = self.waiting.take().map(|(ask, _)| ask);
        match asked {
            Some(Ask::Start | Ask::Renew | Ask::Resume(None)) => self.last_paging = terminal,
            // A page of the last paging reports, as its first page did, that the session has ended.
            Some(Ask::Resume(Some(_))) if terminal || !self.last_paging => {}
            // A frame that arrived twice or late.
            _ => {
                self.waiting = asked.map(|ask| (ask, DateTime::<Utc>::MIN_UTC));
                return;
            }
        }
        self.page = cursor.map(Some);
        if self.page.is_none() {
            if self.last_paging {
                self.settled = true;
            } else if self.ended.is_some() {
                self.page = Some(None);
            }
        }
    }

    fn look_again(&mut self) {
        if !self.settled {
            self.waiting = None;
            self.page = Some(None);
        }
    }

    fn end(&mut self, state: SessionState) -> Result<(), Violation> {
        match self.ended.replace(state) {
            Some(before) if before != state => {
                Err(Violation::new(2, format!("received the end {before:?}, then {state:?}")))
            }
            _ => Ok(()),
        }
    }

    fn learn(&mut self, match_id: String, data: FoundMatch) -> Result<(), Violation> {
        match self.matches.get(&match_id) {
            Some(known) if *known != data => {
                Err(Violation::new(4, format!("match {match_id} was {known:?}, now {data:?}")))
            }
            Some(_) => Ok(()),
            None => {
                self.matches.insert(match_id, data);
                Ok(())
            }
        }
    }

    fn fail(&mut self, file: u32, reason: String) -> Result<(), Violation> {
        match self.failures.get(&file) {
            Some(known) if *known != reason => {
                Err(Violation::new(4, format!("file {file} failed with {known:?}, now {reason:?}")))
            }
            Some(_) => Ok(()),
            None => {
                self.failures.insert(file, reason);
                Ok(())
            }
        }
    }

    /// Checks that a client of another tenant receives nothing about a session.
    fn overhear(&mut self, frame: &Frame) -> Result<(), Violation> {
        self.waiting = None;
        self.page = None;
        match &frame.body {
            FrameBody::Error { code: ErrorCode::NotFound | ErrorCode::Unavailable, .. } => {
                self.settled = true;
                Ok(())
            }
            other => Err(Violation::new(0, format!("another tenant received {other:?}"))),
        }
    }
}

fn is_terminal(state: SessionState) -> bool {
    matches!(state, SessionState::Complete | SessionState::Failed | SessionState::Cancelled)
}
