// page: state
//! A note as stored in its record, and the permitted changes.

use chrono::{DateTime, Utc};
use riffle_ports::{FlowState, ObjectRef, PortError, Record, Subject};
use serde::{Deserialize, Serialize};

use crate::topology::NAME;

/// The list of all of a tenant's notes.
const ALL: &str = "notes";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteState {
    Received,
    Completed,
    Failed,
}

impl NoteState {
    const ALL: [Self; 3] = [Self::Received, Self::Completed, Self::Failed];

    /// Returns the name in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// A note, decoded from its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub id: String,
    pub tenant: String,
    pub state: NoteState,
    pub received_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    pub revision: u64,
    pub body: NoteBody,
}

/// The part of the record that only this flow reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteBody {
    pub object: ObjectRef,
    /// Set when the note is completed.
    pub words: Option<u64>,
    /// The reason for its failure.
    pub reason: Option<String>,
    /// The number of times that the sweep announced it again.
    pub revived: u32,
}

/// A change of a note. Any change may be requested twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteChange {
    /// Its words are counted.
    Complete { words: u64 },
    /// The last attempt failed. After the cause is removed, the note can still be counted.
    Fail { reason: String },
    /// It has waited too long: its event must be published again.
    Revive,
}

/// A change is refused because the note is in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotChanged(pub NoteState);

/// Returns the subject of a note's record and events.
pub fn subject(id: &str) -> Subject {
    Subject::new(NAME, id)
}

impl FlowState for Note {
    type Change = NoteChange;
    type Refused = NotChanged;

    fn from_record(record: &Record) -> Result<Self, PortError> {
        let broken = |what: String| PortError::Broken(format!("the record of {}: {what}", record.subject));
        let state = NoteState::ALL.into_iter().find(|state| state.as_str() == record.state);
        Ok(Self {
            id: record.subject.id.clone(),
            tenant: record.tenant.clone(),
            state: state.ok_or_else(|| broken(format!("unknown state {}", record.state)))?,
            received_at: record.created_at,
            changed_at: record.changed_at,
            revision: record.revision,
            body: serde_json::from_str(&record.body).map_err(|error| broken(error.to_string()))?,
        })
    }

    fn to_record(&self) -> Record {
        Record {
            subject: subject(&self.id),
            tenant: self.tenant.clone(),
            revision: self.revision,
            state: self.state.as_str().to_owned(),
            open: self.state == NoteState::Received,
            created_at: self.received_at,
            changed_at: self.changed_at,
            lease: None,
            attempts: 0,
            body: serde_json::to_string(&self.body).expect("a note is plain data"),
            listed_by: vec![ALL.to_owned()],
            expires_at: None,
        }
    }

    fn apply(&self, change: &NoteChange, now: DateTime<Utc>) -> Result<Self, NotChanged> {
        let mut next = Self { revision: self.revision + 1, changed_at: now, ..self.clone() };
        match (change, self.state) {
            (NoteChange::Complete { words }, NoteState::Received | NoteState::Failed) => {
                next.state = NoteState::Completed;
                next.body.words = Some(*words);
                next.body.reason = None;
            }
            (NoteChange::Fail { reason }, NoteState::Received | NoteState::Failed) => {
                next.state = NoteState::Failed;
                next.body.reason = Some(reason.clone());
            }
            (NoteChange::Revive, NoteState::Received) => next.body.revived += 1,
            _ => return Err(NotChanged(self.state)),
        }
        Ok(next)
    }
}
// page: end
