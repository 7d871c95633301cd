//! The state of a statement's file as its record stores it, and the only ways in which it may change.

use chrono::{DateTime, Utc};
use riffle_ports::{
    Changed, Failure, FileId, FlowState, Lease, ObjectRef, Outgoing, PortError, Record, change, change_from,
    change_seen,
};
use riffle_topology::statements;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::Statements;
use crate::state::file_details::FileDetails;

/// The flow's name in the topology, in records and in events.
pub const FLOW: &str = statements::NAME;
/// The name of the list of all files of a tenant.
pub(crate) const ALL_FILES: &str = "files";

/// The state of a file. Records store it in snake case.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum FileState {
    #[default]
    Received,
    Processing,
    Processed,
    /// Processed, but a person should look at it.
    Review,
    /// Not a statement.
    Rejected,
    /// It failed too often. Work on it may begin again.
    Failed,
    Deleting,
    /// Nothing is left of it except that it existed.
    Deleted,
}

impl FileState {
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Whether a worker still has to do something.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Processing | Self::Deleting)
    }

    /// Returns the name of the state as records store it.
    pub const fn as_str(self) -> &'static str {
        self.into_str()
    }
}

/// A file as the flow sees its record. The skipped fields are the record's own; the others are its body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    #[serde(skip)]
    pub id: FileId,
    #[serde(skip)]
    pub tenant: String,
    /// The name that its owner gave it. Empty once deleted.
    pub name: String,
    /// `None` once deleted.
    pub object: Option<ObjectRef>,
    pub size: u64,
    /// The account of rows for which the file itself names none.
    pub account: Option<String>,
    #[serde(skip)]
    pub state: FileState,
    #[serde(skip)]
    pub received_at: DateTime<Utc>,
    #[serde(skip)]
    pub changed_at: DateTime<Utc>,
    #[serde(skip)]
    pub lease: Option<Lease>,
    /// How often work on it was begun.
    #[serde(skip)]
    pub attempts: u32,
    /// The number of objects with the keys of its transactions. Each is counted before it is written, so that fewer may
    /// exist.
    pub parts: u32,
    /// Empty once deleted.
    pub findings: FileDetails,
    /// Rises with every change.
    #[serde(skip)]
    pub revision: u64,
    /// It is deleted, but a worker that held it before may have left something behind: the sweep looks once more.
    pub unsettled: bool,
}

/// A change of a file. Each may be requested twice. A change that follows from the findings that were read is stored
/// only if the file has not changed since ([`riffle_ports::change_seen`]).
#[derive(Debug, Clone, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum FileChange {
    /// A worker begins work on a file that waits, has failed, or has no valid lease of another worker.
    Begin { token: String, until: DateTime<Utc> },
    /// The worker that holds the file continues, and is about to write part `parts - 1`.
    Extend { token: String, until: DateTime<Utc>, parts: u32 },
    /// The worker that holds the file stops for now, so that the next one need not wait for the lease to end.
    Release { token: String },
    /// The file is done: `state` is Processed, Review or Rejected. Follows from the findings that were read.
    Finish { token: String, state: FileState, findings: FileDetails, parts: u32 },
    /// The file failed too often, whichever worker holds it. Not for a file that is done or gone. Follows from the
    /// findings that were read.
    Fail { findings: FileDetails },
    /// Changes the findings only. Not for a deleted file. Follows from the findings that were read.
    Note { findings: FileDetails },
    /// Its owner requests its deletion.
    Delete,
    /// The file and everything derived from it are removed, and no worker holds it any more. Follows from the findings
    /// that were read.
    Deleted,
    /// No worker that held the file before its deletion can still be running.
    Settled,
}

/// Why a change is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum FileNotChanged {
    /// The file is in a state that does not allow the change.
    State,
    /// Another worker holds the file, or the token is not that of its lease.
    Token,
}

impl FileRecord {
    /// Whether the sweep still has to find it: a worker has to do something, or the sweep itself has to look once more.
    pub const fn is_open(&self) -> bool {
        self.state.is_open() || self.unsettled
    }

    /// Whether it is deleted or being deleted.
    pub const fn is_going(&self) -> bool {
        matches!(self.state, FileState::Deleting | FileState::Deleted)
    }

    /// Whether a worker holds it at `now`.
    pub fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.until > now)
    }

    /// Whether it is being processed under `token`.
    pub fn is_held_by(&self, token: &str) -> bool {
        self.state == FileState::Processing && self.lease.as_ref().is_some_and(|lease| lease.token == token)
    }

    fn check_held(&self, token: &str) -> Result<(), FileNotChanged> {
        if self.state != FileState::Processing {
            return Err(FileNotChanged::State);
        }
        if self.is_held_by(token) { Ok(()) } else { Err(FileNotChanged::Token) }
    }
}

impl FlowState for FileRecord {
    type Change = FileChange;
    type Refused = FileNotChanged;

    fn from_record(record: &Record) -> Result<Self, PortError> {
        let broken = |what: String| PortError::Broken(format!("the record of {}: {what}", record.subject));
        if record.subject.flow != FLOW {
            return Err(broken("it belongs to another flow".to_owned()));
        }
        let state = record.state.parse().map_err(|_| broken(format!("unknown state {}", record.state)))?;
        let body = serde_json::from_str(&record.body).map_err(|error| broken(error.to_string()))?;
        Ok(Self {
            id: FileId(record.subject.id.clone()),
            tenant: record.tenant.clone(),
            state,
            received_at: record.created_at,
            changed_at: record.changed_at,
            lease: record.lease.clone(),
            attempts: record.attempts,
            revision: record.revision,
            ..body
        })
    }

    fn to_record(&self) -> Record {
        Record {
            subject: self.id.subject(),
            tenant: self.tenant.clone(),
            revision: self.revision,
            state: self.state.as_str().to_owned(),
            open: self.is_open(),
            created_at: self.received_at,
            changed_at: self.changed_at,
            lease: self.lease.clone(),
            attempts: self.attempts,
            body: serde_json::to_string(self).expect("findings are plain data"),
            listed_by: vec![ALL_FILES.to_owned()],
            expires_at: None,
        }
    }

    fn apply(&self, change: &FileChange, now: DateTime<Utc>) -> Result<Self, FileNotChanged> {
        use FileState::{Deleted, Deleting, Failed, Processed, Processing, Received, Rejected, Review};
        let mut next = Self { revision: self.revision + 1, changed_at: now, ..self.clone() };
        let lease =
            |token: &String, until: &DateTime<Utc>| Some(Lease { token: token.clone(), until: *until });
        match change {
            FileChange::Begin { token, until } => {
                match self.state {
                    Processing if self.is_leased(now) && !self.is_held_by(token) => {
                        return Err(FileNotChanged::Token);
                    }
                    Received | Failed | Processing => {}
                    Processed | Review | Rejected | Deleting | Deleted => return Err(FileNotChanged::State),
                }
                next.state = Processing;
                next.attempts += 1;
                next.lease = lease(token, until);
            }
            FileChange::Extend { token, until, parts } => {
                self.check_held(token)?;
                next.lease = lease(token, until);
                next.parts = next.parts.max(*parts);
            }
            FileChange::Release { token } => {
                self.check_held(token)?;
                next.lease = None;
            }
            FileChange::Finish { token, state, findings, parts } => {
                self.check_held(token)?;
                if !matches!(state, Processed | Review | Rejected) {
                    return Err(FileNotChanged::State);
                }
                next.state = *state;
                next.lease = None;
                next.parts = next.parts.max(*parts);
                next.findings.clone_from(findings);
            }
            FileChange::Fail { findings } => {
                if !matches!(self.state, Received | Processing | Failed) {
                    return Err(FileNotChanged::State);
                }
                next.state = Failed;
                next.lease = None;
                next.findings.clone_from(findings);
            }
            FileChange::Note { findings } => {
                if self.state == Deleted {
                    return Err(FileNotChanged::State);
                }
                next.findings.clone_from(findings);
            }
            FileChange::Delete => {
                if self.is_going() {
                    return Err(FileNotChanged::State);
                }
                // The lease stays: until it ends, a worker may still be writing.
                next.state = Deleting;
            }
            FileChange::Deleted => {
                if self.state != Deleting {
                    return Err(FileNotChanged::State);
                }
                if self.is_leased(now) {
                    return Err(FileNotChanged::Token);
                }
                next.state = Deleted;
                next.lease = None;
                next.name = String::new();
                next.object = None;
                next.size = 0;
                next.account = None;
                next.findings = FileDetails::default();
                next.unsettled = true;
                // The count of its parts stays: a late worker on a deleted file uses it to remove the parts it finds.
            }
            FileChange::Settled => {
                if !self.unsettled {
                    return Err(FileNotChanged::State);
                }
                next.unsettled = false;
            }
        }
        Ok(next)
    }
}

impl Statements {
    pub async fn file(&self, tenant: &str, id: &FileId) -> Result<Option<FileRecord>, Failure> {
        let record = self.records.get(tenant, &id.subject()).await?;
        Ok(record.as_ref().map(FileRecord::from_record).transpose()?)
    }

    /// Changes the file as it is stored now.
    pub(crate) async fn change(
        &self,
        tenant: &str,
        id: &FileId,
        what: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed<FileRecord>, Failure> {
        let outcome = change(&*self.records, tenant, &id.subject(), &what, now, announce).await?;
        Ok(logged(&what, now, outcome))
    }

    /// Changes a file that the caller holds or has just read. Reads it again only if it has changed since.
    pub(crate) async fn change_from(
        &self,
        file: &FileRecord,
        what: FileChange,
        now: DateTime<Utc>,
    ) -> Result<Changed<FileRecord>, Failure> {
        Ok(logged(&what, now, change_from(&*self.records, file, &what, now, &[]).await?))
    }

    /// Changes the file if it is still as it was read.
    pub(crate) async fn change_seen(
        &self,
        file: &FileRecord,
        what: FileChange,
        now: DateTime<Utc>,
        announce: &[Outgoing],
    ) -> Result<Changed<FileRecord>, Failure> {
        Ok(logged(&what, now, change_seen(&*self.records, file, &what, now, announce).await?))
    }
}

/// Logs a change that was not made, at debug level: it is seldom a failure, but helps to explain one.
fn logged(what: &FileChange, now: DateTime<Utc>, outcome: Changed<FileRecord>) -> Changed<FileRecord> {
    let (file, refused) = match &outcome {
        Changed::Refused(file, why) => (file, Some(*why)),
        Changed::Superseded(file) => (file, file.apply(what, now).err()),
        Changed::Applied(_) | Changed::Missing => return outcome,
    };
    let why = refused.map_or("superseded", FileNotChanged::into);
    let (change, state) = (what.into_str(), file.state.as_str());
    tracing::debug!(target: "riffle::refused", processing_id = file.id.0, change, state, why);
    outcome
}

#[cfg(test)]
mod tests;
