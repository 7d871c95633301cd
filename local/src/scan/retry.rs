//! `--retry`: finds the finished scan whose failed files are to be read again.

use riffle_ports::{Session, Source, State};
use riffle_scan::{Request, described};

use crate::error::CommandError;
use crate::platform::Platform;

/// The minimum length of an id's beginning.
const SHORTEST: usize = 4;

/// A finished scan and its request.
pub struct FinishedScan {
    pub session: Session,
    pub request: Request,
}

impl FinishedScan {
    pub fn folders(&self) -> &[String] {
        match &self.request.source {
            Source::Folders(folders) => folders,
            Source::Upload(_) | Source::Prefix { .. } | Source::Drive { .. } => &[],
        }
    }

    /// Returns the request for a retry of this scan.
    pub fn again(&self) -> Request {
        Request { retry_of: Some(self.session.id.clone()), ..self.request.clone() }
    }

    /// Describes the scan for a person.
    pub fn described(&self) -> String {
        format!(
            "session {} of {}, {}",
            self.session.id,
            self.session.created_at.format("%Y-%m-%d %H:%M UTC"),
            described(&self.request.source)
        )
    }
}

/// Finds the scan that `given` names: by its id, the beginning of its id, or `last`.
pub async fn find(platform: &Platform, given: &str) -> Result<FinishedScan, CommandError> {
    let session = if given == "last" { last(platform).await? } else { named(platform, given).await? };
    match session.state {
        State::Complete => {}
        State::Failed | State::Cancelled => {
            let problem = format!("the scan {} did not finish: start a new scan", session.id);
            return Err(CommandError::new(problem));
        }
        _ => {
            let problem = format!("the scan {} has not finished yet", session.id);
            return Err(CommandError::new(format!(
                "{problem}: to continue, run its command again, or riffle serve"
            )));
        }
    }
    let request = Request::decode(&session.request)?;
    Ok(FinishedScan { session, request })
}

async fn last(platform: &Platform) -> Result<Session, CommandError> {
    let sessions = platform.sessions().await?;
    let finished = sessions.into_iter().find(|session| session.state == State::Complete);
    finished.ok_or_else(|| CommandError::new("no scan has finished yet, so there is nothing to retry"))
}

/// Returns the scan with this id, or with an id that begins with it.
pub async fn named(platform: &Platform, given: &str) -> Result<Session, CommandError> {
    let wanted = given.trim().to_ascii_lowercase();
    let mut sessions = platform.sessions().await?;
    sessions.retain(|session| {
        session.id.0 == wanted || (wanted.len() >= SHORTEST && session.id.0.starts_with(&wanted))
    });
    match sessions.len() {
        1 => Ok(sessions.remove(0)),
        0 => Err(CommandError::new(format!("session {given} not found; riffle sessions lists all sessions"))),
        many => Err(CommandError::new(format!(
            "{many} sessions begin with {given}: give more characters of the id"
        ))),
    }
}
