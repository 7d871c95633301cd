//! Following one session to its end: each match and each failure once, whatever is lost or doubled.

use std::collections::HashSet;
use std::time::Duration;

use riffle_contracts::{Action, ErrorCode, Frame, FrameBody, SessionState};

use tokio::signal::unix::{SignalKind, signal};

use crate::client::Client;
use crate::error::Problem;
use crate::scan::output::Output;

/// A session that says nothing for so long is asked how it is.
const SILENCE: Duration = Duration::from_secs(10);

/// How a session ended.
pub struct End {
    pub session: String,
    pub complete: FrameBody,
}

/// Sends `first` and shows what comes until the session completes. Ctrl-C cancels it.
pub async fn follow(client: Client, first: Action, output: &mut Output) -> Result<End, Problem> {
    let mut follower = Follower {
        client,
        session: None,
        matches: HashSet::new(),
        failures: HashSet::new(),
        complete: None,
        cancelling: false,
        started: false,
    };
    // Before the session begins: from here on no Ctrl-C is missed.
    let mut interrupt = signal(SignalKind::interrupt())?;
    follower.client.send(&first).await?;
    let complete = loop {
        let frame = tokio::select! {
            biased;
            _ = interrupt.recv(), if !follower.cancelling => {
                follower.cancelling = true;
                follower.cancel().await?;
                continue;
            }
            frame = follower.client.next() => frame?,
            () = tokio::time::sleep(SILENCE) => {
                follower.resume(None).await?;
                continue;
            }
        };
        let Some(frame) = frame else {
            // Cut off because this end did not keep up.
            follower.client = follower.client.reconnect().await?;
            match follower.session {
                Some(_) => follower.resume(None).await?,
                None => follower.client.send(&first).await?,
            }
            continue;
        };
        if let Some(complete) = follower.take(frame, output).await? {
            break complete;
        }
    };
    output.frame(&complete)?;
    follower.client.disconnect().await;
    Ok(End { session: complete.session_id.unwrap_or_default(), complete: complete.body })
}

/// What is known of the session so far.
struct Follower {
    client: Client,
    session: Option<String>,
    /// Shown already.
    matches: HashSet<String>,
    failures: HashSet<u32>,
    /// Said, while what it counts has not all been shown yet.
    complete: Option<Frame>,
    cancelling: bool,
    /// STARTED has been shown. A scan that goes on has said it before this client listened.
    started: bool,
}

impl Follower {
    /// Takes one frame; returns COMPLETE when all it counts has been shown.
    async fn take(&mut self, frame: Frame, output: &mut Output) -> Result<Option<Frame>, Problem> {
        if self.session.is_none() && frame.session_id.is_some() {
            self.session.clone_from(&frame.session_id);
            if self.cancelling {
                self.cancel().await?;
            }
        }
        match &frame.body {
            FrameBody::MatchFound { .. } | FrameBody::FileFailed { .. } => self.show(&frame, output)?,
            FrameBody::Snapshot { .. } => return self.snapshot(&frame, output).await,
            FrameBody::Complete { .. } if self.all_shown(&frame.body) => return Ok(Some(frame)),
            FrameBody::Complete { .. } => {
                if self.complete.replace(frame).is_none() {
                    self.resume(None).await?;
                }
            }
            FrameBody::Cancelled { .. } => {
                output.frame(&frame)?;
                return Err(Problem::interrupted("the scan was cancelled; nothing of it goes on"));
            }
            FrameBody::Error { code: ErrorCode::WrongState, .. } if self.cancelling => {}
            FrameBody::Error { message, .. } => {
                output.frame(&frame)?;
                return Err(Problem::new(message.clone()));
            }
            FrameBody::Started { .. } if self.started => {}
            FrameBody::Started { .. } | FrameBody::Progress { .. } | FrameBody::Pong => {
                self.started |= matches!(frame.body, FrameBody::Started { .. });
                output.frame(&frame)?;
            }
        }
        Ok(None)
    }

    /// Shows a match or a failure that was not shown before.
    fn show(&mut self, frame: &Frame, output: &mut Output) -> Result<(), Problem> {
        let new = match &frame.body {
            FrameBody::MatchFound { match_id, .. } => self.matches.insert(match_id.clone()),
            FrameBody::FileFailed { file, .. } => self.failures.insert(*file),
            _ => false,
        };
        if new { output.frame(frame) } else { Ok(()) }
    }

    async fn snapshot(&mut self, frame: &Frame, output: &mut Output) -> Result<Option<Frame>, Problem> {
        let FrameBody::Snapshot { cursor, state, reason, total, .. } = &frame.body else { return Ok(None) };
        if !self.started && *state == SessionState::Running {
            self.started = true;
            let message = format!("Going on with {total} files");
            let body = FrameBody::Started { message, timestamp: frame.at, total: *total };
            output.frame(&Frame { body, session_id: frame.session_id.clone(), at: frame.at })?;
        }
        for listed in listed(frame) {
            self.show(&listed, output)?;
        }
        output.state(&frame.body);
        if cursor.is_some() {
            self.resume(cursor.clone()).await?;
            return Ok(None);
        }
        match state {
            SessionState::Failed => {
                Err(Problem::new(reason.clone().unwrap_or_else(|| "the scan failed".to_owned())))
            }
            SessionState::Cancelled => Err(Problem::interrupted("the scan was cancelled")),
            SessionState::Complete if self.complete.is_none() => {
                // It was complete before anybody listened: asked to cancel, it says so again.
                self.cancel().await?;
                Ok(None)
            }
            _ => Ok(self.complete.take()),
        }
    }

    fn all_shown(&self, complete: &FrameBody) -> bool {
        let FrameBody::Complete { total_matches, total_failed, .. } = complete else { return false };
        self.matches.len() as u64 == *total_matches && self.failures.len() as u64 == *total_failed
    }

    /// Asks for a snapshot, once the session is known.
    async fn resume(&self, cursor: Option<String>) -> Result<(), Problem> {
        match &self.session {
            Some(session) => self.client.send(&Action::Resume { session_id: session.clone(), cursor }).await,
            None => Ok(()),
        }
    }

    /// Asks for the end, once the session is known.
    async fn cancel(&self) -> Result<(), Problem> {
        match &self.session {
            Some(session) => self.client.send(&Action::CancelScan { session_id: session.clone() }).await,
            None => Ok(()),
        }
    }
}

/// What a snapshot lists, as the frames that would have said it.
fn listed(snapshot: &Frame) -> Vec<Frame> {
    let FrameBody::Snapshot { matches, failures, .. } = &snapshot.body else {
        return Vec::new();
    };
    let failures = failures
        .iter()
        .map(|failure| FrameBody::FileFailed { file: failure.file, data: failure.data.clone() });
    let matches = matches
        .iter()
        .map(|found| FrameBody::MatchFound { match_id: found.match_id.clone(), data: found.data.clone() });
    failures
        .chain(matches)
        .map(|body| Frame { body, session_id: snapshot.session_id.clone(), at: snapshot.at })
        .collect()
}
