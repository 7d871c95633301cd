//! Following one session to its end: each match and each failure once, whatever is lost or doubled.

use std::collections::HashSet;
use std::time::Duration;

use riffle_contracts::{Action, ErrorCode, Frame, FrameBody};

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

/// What has been shown.
#[derive(Default)]
struct Seen {
    matches: HashSet<String>,
    failures: HashSet<u32>,
}

/// Sends `first` and shows what comes until the session completes. Ctrl-C cancels it.
pub async fn follow(mut client: Client, first: Action, output: &mut Output) -> Result<End, Problem> {
    let mut seen = Seen::default();
    let mut session: Option<String> = None;
    let mut complete: Option<Frame> = None;
    let mut cancelling = false;
    client.send(&first).await?;
    loop {
        let frame = tokio::select! {
            frame = client.next() => frame?,
            () = tokio::time::sleep(SILENCE) => {
                if let Some(session) = &session {
                    client.send(&resume(session, None)).await?;
                }
                continue;
            }
            interrupt = tokio::signal::ctrl_c(), if !cancelling => {
                interrupt?;
                cancelling = true;
                match &session {
                    Some(session) => client.send(&cancel(session)).await?,
                    None => return Err(Problem::interrupted("cancelled before it began")),
                }
                continue;
            }
        };
        let Some(frame) = frame else {
            // Cut off because this end did not keep up.
            client = client.reconnect().await?;
            let again = session
                .as_deref()
                .map_or_else(|| first.clone(), |session| resume(session, None));
            client.send(&again).await?;
            continue;
        };
        if session.is_none() {
            session.clone_from(&frame.session_id);
            if let (true, Some(session)) = (cancelling, &session) {
                client.send(&cancel(session)).await?;
            }
        }
        match &frame.body {
            FrameBody::MatchFound { match_id, .. } => {
                if seen.matches.insert(match_id.clone()) {
                    output.frame(&frame)?;
                }
            }
            FrameBody::FileFailed { file, .. } => {
                if seen.failures.insert(*file) {
                    output.frame(&frame)?;
                }
            }
            FrameBody::Snapshot { cursor, .. } => {
                for listed in listed(&frame) {
                    let new = match &listed.body {
                        FrameBody::MatchFound { match_id, .. } => seen.matches.insert(match_id.clone()),
                        FrameBody::FileFailed { file, .. } => seen.failures.insert(*file),
                        _ => false,
                    };
                    if new {
                        output.frame(&listed)?;
                    }
                }
                output.state(&frame.body);
                if let (Some(session), Some(cursor)) = (&session, cursor) {
                    client.send(&resume(session, Some(cursor.clone()))).await?;
                } else if let FrameBody::Snapshot { state, reason, .. } = &frame.body {
                    ended(*state, reason.as_deref())?;
                    if let Some(complete) = complete.take() {
                        return finish(client, complete, output).await;
                    }
                    // A scan that was complete before anybody listened says so again when asked to cancel.
                    if *state == riffle_contracts::SessionState::Complete
                        && let Some(session) = &session
                    {
                        client.send(&cancel(session)).await?;
                    }
                }
            }
            FrameBody::Complete {
                total_matches,
                total_failed,
                ..
            } => {
                let all = seen.matches.len() as u64 == *total_matches
                    && seen.failures.len() as u64 == *total_failed;
                if all {
                    return finish(client, frame, output).await;
                }
                if complete.is_none()
                    && let Some(session) = &session
                {
                    client.send(&resume(session, None)).await?;
                }
                complete = Some(frame);
            }
            FrameBody::Cancelled { .. } => {
                output.frame(&frame)?;
                client.disconnect().await;
                return Err(Problem::interrupted(
                    "the scan was cancelled; nothing of it goes on",
                ));
            }
            FrameBody::Error {
                code: ErrorCode::WrongState,
                ..
            } if cancelling => {}
            FrameBody::Error { message, .. } => {
                output.frame(&frame)?;
                return Err(Problem::new(message.clone()));
            }
            FrameBody::Started { .. } | FrameBody::Progress { .. } | FrameBody::Pong => {
                output.frame(&frame)?
            }
        }
    }
}

async fn finish(client: Client, complete: Frame, output: &mut Output) -> Result<End, Problem> {
    output.frame(&complete)?;
    client.disconnect().await;
    let session = complete.session_id.unwrap_or_default();
    Ok(End {
        session,
        complete: complete.body,
    })
}

/// What a snapshot lists, as the frames that would have said it.
fn listed(snapshot: &Frame) -> Vec<Frame> {
    let FrameBody::Snapshot {
        matches, failures, ..
    } = &snapshot.body
    else {
        return Vec::new();
    };
    let failures = failures.iter().map(|failure| FrameBody::FileFailed {
        file: failure.file,
        data: failure.data.clone(),
    });
    let matches = matches.iter().map(|found| FrameBody::MatchFound {
        match_id: found.match_id.clone(),
        data: found.data.clone(),
    });
    failures
        .chain(matches)
        .map(|body| Frame {
            body,
            session_id: snapshot.session_id.clone(),
            at: snapshot.at,
        })
        .collect()
}

fn ended(state: riffle_contracts::SessionState, reason: Option<&str>) -> Result<(), Problem> {
    use riffle_contracts::SessionState::{Cancelled, Failed};
    match state {
        Failed => Err(Problem::new(reason.unwrap_or("the scan failed").to_owned())),
        Cancelled => Err(Problem::interrupted("the scan was cancelled")),
        _ => Ok(()),
    }
}

fn resume(session: &str, cursor: Option<String>) -> Action {
    Action::Resume {
        session_id: session.to_owned(),
        cursor,
    }
}

fn cancel(session: &str) -> Action {
    Action::CancelScan {
        session_id: session.to_owned(),
    }
}
