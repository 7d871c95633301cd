//! The books of uploaded statements: one record per file, and the events that are still to be announced.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Outgoing, PortError};

/// Names the work on one version of one object: the processing id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub String);

impl AsRef<str> for FileId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for FileId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// One version of one object of the uploads bucket.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    pub bucket: String,
    pub key: String,
    /// Where the bucket keeps versions.
    pub version: Option<String>,
    pub etag: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    Received,
    Processing,
    Processed,
    /// Processed, and a person should look.
    Review,
    /// No statement.
    Rejected,
    /// It failed too often. May be begun again.
    Failed,
    Deleting,
    /// What is left is that it was there.
    Deleted,
}

impl FileState {
    /// Whether somebody is still to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Processing | Self::Deleting)
    }
}

/// Somebody is at work on the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLease {
    pub token: String,
    pub until: DateTime<Utc>,
}

/// A file as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub id: FileId,
    pub tenant: String,
    /// As its owner calls it. Empty once deleted.
    pub name: String,
    /// `None` once deleted.
    pub object: Option<ObjectRef>,
    pub size: u64,
    /// The account of rows for which the file names none.
    pub account: Option<String>,
    pub state: FileState,
    pub received_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub lease: Option<FileLease>,
    /// How often it was begun.
    pub attempts: u32,
    /// Objects with the keys of its transactions: at least so many were begun to be written.
    pub parts: u32,
    /// JSON of the flow's own making: what was found, what went wrong.
    pub body: String,
    /// Rises with every change.
    pub revision: u64,
    /// It is deleted, and who was at work on it before may have left something since: the sweep is to look once more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsettled: bool,
}

/// What may happen to a file. All of it may be asked for twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileChange {
    /// Somebody goes to work: on a file that waits or failed, or whose lease has ended.
    Begin { token: String, until: DateTime<Utc> },
    /// Who is at work stays so, and is about to write part `parts - 1`.
    Extend { token: String, until: DateTime<Utc>, parts: u32 },
    /// Who is at work gives up for now: the next one need not wait.
    Release { token: String },
    /// It is done: `state` is Processed, Review or Rejected. If the file was not changed since `revision`.
    Finish { token: String, revision: u64, state: FileState, body: String, parts: u32 },
    /// It failed too often, whoever is at work. Of a file that is not done, if it was not changed since `revision`.
    Fail { revision: u64, body: String },
    /// The body alone, if the file was not changed since `revision`. Not of a file that is gone.
    Note { revision: u64, body: String },
    /// Its owner wants it gone.
    Delete,
    /// It and all that came of it is gone, and nobody holds it any more. If it was not changed since `revision`.
    Deleted { revision: u64 },
    /// Nobody who was at work on it can be left.
    Settled,
}

/// Why a change was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotChanged {
    /// It is in a state in which this may not happen.
    State,
    /// Somebody else is at work, or the token is not the one at work.
    Token,
    /// It was changed since.
    Revision,
}

impl File {
    /// Whether somebody is still to do something, if only to look: the sweep does.
    pub const fn is_open(&self) -> bool {
        self.state.is_open() || self.unsettled
    }

    /// The file after `change` at `now`: the one place that says what may happen when.
    pub fn apply(&self, change: &FileChange, now: DateTime<Utc>) -> Result<Self, NotChanged> {
        use FileState::{Deleted, Deleting, Failed, Processed, Processing, Received, Rejected, Review};
        let mut next = self.clone();
        next.revision += 1;
        next.changed_at = now;
        let unchanged_since =
            |revision: u64| if self.revision == revision { Ok(()) } else { Err(NotChanged::Revision) };
        let holds = |token: &str| {
            if self.state != Processing {
                return Err(NotChanged::State);
            }
            let held = self.lease.as_ref().is_some_and(|lease| lease.token == token);
            if held { Ok(()) } else { Err(NotChanged::Token) }
        };
        match change {
            FileChange::Begin { token, until } => {
                match self.state {
                    Received | Failed => {}
                    Processing => {
                        let other = self.lease.as_ref().filter(|lease| lease.token != *token);
                        if other.is_some_and(|lease| lease.until > now) {
                            return Err(NotChanged::Token);
                        }
                    }
                    Processed | Review | Rejected | Deleting | Deleted => return Err(NotChanged::State),
                }
                next.state = Processing;
                next.attempts += 1;
                next.lease = Some(FileLease { token: token.clone(), until: *until });
            }
            FileChange::Extend { token, until, parts } => {
                holds(token)?;
                next.lease = Some(FileLease { token: token.clone(), until: *until });
                next.parts = next.parts.max(*parts);
            }
            FileChange::Release { token } => {
                holds(token)?;
                next.lease = None;
            }
            FileChange::Finish { token, revision, state, body, parts } => {
                holds(token)?;
                if !matches!(state, Processed | Review | Rejected) {
                    return Err(NotChanged::State);
                }
                unchanged_since(*revision)?;
                next.state = *state;
                next.lease = None;
                next.parts = next.parts.max(*parts);
                next.body.clone_from(body);
            }
            FileChange::Fail { revision, body } => {
                if !matches!(self.state, Received | Processing | Failed) {
                    return Err(NotChanged::State);
                }
                unchanged_since(*revision)?;
                next.state = Failed;
                next.lease = None;
                next.body.clone_from(body);
            }
            FileChange::Note { revision, body } => {
                if self.state == Deleted {
                    return Err(NotChanged::State);
                }
                unchanged_since(*revision)?;
                next.body.clone_from(body);
            }
            FileChange::Delete => {
                if matches!(self.state, Deleting | Deleted) {
                    return Err(NotChanged::State);
                }
                // The lease stays: until it ends, somebody may still be writing.
                next.state = Deleting;
            }
            FileChange::Deleted { revision } => {
                if self.state != Deleting {
                    return Err(NotChanged::State);
                }
                if self.lease.as_ref().is_some_and(|lease| lease.until > now) {
                    return Err(NotChanged::Token);
                }
                unchanged_since(*revision)?;
                next.state = Deleted;
                next.lease = None;
                next.name = String::new();
                next.object = None;
                next.account = None;
                next.body = String::new();
                next.unsettled = true;
                // Its parts stay counted: whoever comes late to a deleted file removes what he finds of them.
            }
            FileChange::Settled => {
                if !self.unsettled {
                    return Err(NotChanged::State);
                }
                next.unsettled = false;
            }
        }
        Ok(next)
    }
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// The file after it.
    Applied(File),
    /// The file as it is, and why.
    Refused(File, NotChanged),
    NoFile,
}

/// Where a file stands in the list of its tenant's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileListedAt {
    pub received_at: DateTime<Utc>,
    pub id: FileId,
}

impl From<&File> for FileListedAt {
    fn from(file: &File) -> Self {
        Self { received_at: file.received_at, id: file.id.clone() }
    }
}

/// All reads are strongly consistent unless they say otherwise. A file is its tenant's: under another's name it is
/// not there.
#[async_trait]
pub trait FileLedger: Send + Sync {
    /// Stores `file` unless its id is taken. Returns the file that has the id already, `None` if it was free.
    async fn create(&self, file: File) -> Result<Option<File>, PortError>;

    async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<File>, PortError>;

    /// Applies `change` as [`File::apply`] says, together with `announce`: both are stored or neither. What is to be
    /// announced lies in the outbox until it is [`announced`](Self::announced).
    async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        change: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed, PortError>;

    /// A page of the tenant's files, newest first, those after `after`. May lag by seconds.
    async fn files(
        &self,
        tenant: &str,
        after: Option<&FileListedAt>,
        limit: u32,
    ) -> Result<Vec<File>, PortError>;

    /// Files of every tenant that are open ([`File::is_open`]), in `state`, and were last changed before `before`. At
    /// most `limit`, any of them; may lag by seconds.
    async fn unfinished(
        &self,
        state: FileState,
        before: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<File>, PortError>;

    /// What a file has in the outbox.
    async fn outbox_of(&self, tenant: &str, id: &FileId) -> Result<Vec<Outgoing>, PortError>;

    /// What has lain in any outbox since before `before`. At most `limit`, any of it; may lag by seconds.
    async fn outbox(&self, before: DateTime<Utc>, limit: u32) -> Result<Vec<Outgoing>, PortError>;

    /// These have been announced and leave the outbox. What is not there any more is no error.
    async fn announced(&self, events: &[Outgoing]) -> Result<(), PortError>;
}
