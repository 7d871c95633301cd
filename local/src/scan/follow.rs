//! Follows one session to its end and shows each match and each failure once, even if frames are lost or repeated.

use std::collections::HashSet;
use std::time::Duration;

use riffle_contracts::{Action, ErrorCode, Frame, FrameBody, SessionState};

use tokio::signal::unix::{SignalKind, signal};

use crate::client::LocalClient;
use crate::error::CommandError;
use crate::scan::output::ScanOutput;

/// After this time without a frame, the client requests the state of the session.
const SILENCE: Duration = Duration::from_secs(10);

/// The end of a session.
pub struct SessionEnd {
    pub session: String,
    pub complete: FrameBody,
}

/// Sends `first` and shows frames until the session completes. Ctrl-C cancels the session.
pub async fn follow(
    client: LocalClient,
    first: Action,
    output: &mut ScanOutput,
) -> Result<SessionEnd, CommandError> {
    let mut follower = Follower {
        client,
        session: None,
        matches: HashSet::new(),
        failures: HashSet::new(),
        complete: None,
        cancelling: false,
        started: false,
    };
    // Listen before the session begins, so that no Ctrl-C is missed.
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
            // The connection was cut because this client did not keep up.
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
    Ok(SessionEnd { session: complete.session_id.unwrap_or_default(), complete: complete.body })
}

/// The known state of the session.
struct Follower {
    client: LocalClient,
    session: Option<String>,
    /// Already shown.
    matches: HashSet<String>,
    failures: HashSet<u32>,
    /// COMPLETE was received, but not everything that it counts has been shown yet.
    complete: Option<Frame>,
    cancelling: bool,
    /// STARTED has been shown. A resumed scan sent it before this client listened.
    started: bool,
}

impl Follower {
    /// Handles one frame; returns COMPLETE once everything that it counts has been shown.
    async fn take(&mut self, frame: Frame, output: &mut ScanOutput) -> Result<Option<Frame>, CommandError> {
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
                return Err(CommandError::interrupted("the scan was cancelled and will not be resumed"));
            }
            FrameBody::Error { code: ErrorCode::WrongState, .. } if self.cancelling => {}
            FrameBody::Error { message, .. } => {
                output.frame(&frame)?;
                return Err(CommandError::new(message.clone()));
            }
            FrameBody::Started { .. } if self.started => {}
            FrameBody::Started { .. } | FrameBody::Progress { .. } | FrameBody::Pong => {
                self.started |= matches!(frame.body, FrameBody::Started { .. });
                output.frame(&frame)?;
            }
        }
        Ok(None)
    }

    /// Shows a match or a failure unless it was already shown.
    fn show(&mut self, frame: &Frame, output: &mut ScanOutput) -> Result<(), CommandError> {
        let new = match &frame.body {
            FrameBody::MatchFound { match_id, .. } => self.matches.insert(match_id.clone()),
            FrameBody::FileFailed { file, .. } => self.failures.insert(*file),
            _ => false,
        };
        if new { output.frame(frame) } else { Ok(()) }
    }

    async fn snapshot(
        &mut self,
        frame: &Frame,
        output: &mut ScanOutput,
    ) -> Result<Option<Frame>, CommandError> {
        let FrameBody::Snapshot { cursor, state, reason, total, .. } = &frame.body else { return Ok(None) };
        if !self.started && *state == SessionState::Running {
            self.started = true;
            let message = format!("Continuing with {total} files");
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
                Err(CommandError::new(reason.clone().unwrap_or_else(|| "the scan failed".to_owned())))
            }
            SessionState::Cancelled => Err(CommandError::interrupted("the scan was cancelled")),
            SessionState::Complete if self.complete.is_none() => {
                // The session completed before this client listened: a cancel request makes it send COMPLETE again.
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

    /// Requests a snapshot if the session is known.
    async fn resume(&self, cursor: Option<String>) -> Result<(), CommandError> {
        match &self.session {
            Some(session) => self.client.send(&Action::Resume { session_id: session.clone(), cursor }).await,
            None => Ok(()),
        }
    }

    /// Requests the cancellation if the session is known.
    async fn cancel(&self) -> Result<(), CommandError> {
        match &self.session {
            Some(session) => self.client.send(&Action::CancelScan { session_id: session.clone() }).await,
            None => Ok(()),
        }
    }
}

/// Converts the matches and failures of a snapshot to the frames that would have announced them.
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
