//! A dead letter as a person may see it: what it is of, never what it holds.

use std::fmt;

use riffle_contracts::{DispatchJob, FinishJob, ScanFile};
use riffle_local_adapters::QueueName;
use riffle_ports::State;
use serde_json::json;

use crate::error::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lists a source and hands its files out.
    Dispatch,
    /// Reads the file of this index.
    File(u32),
    /// Verifies a scan and writes its report.
    Finish,
    /// Nothing that riffle sends.
    Unreadable,
}

#[derive(Debug)]
pub struct Letter {
    pub id: String,
    /// Where it failed last, and would go back to.
    pub queue: String,
    pub kind: Kind,
    pub session: String,
    pub state: Option<State>,
    /// Since it was first sent.
    pub age: String,
    pub why: String,
}

impl Kind {
    /// Of a message that was sent to `queue`. Jobs to hand out and to finish look alike.
    pub fn of(body: &str, queue: QueueName) -> Self {
        match queue {
            QueueName::ScanWork | QueueName::ScanQuarantine => {
                serde_json::from_str::<ScanFile>(body).map_or(Self::Unreadable, |file| Self::File(file.index))
            }
            QueueName::ScanDispatch => {
                serde_json::from_str::<DispatchJob>(body).map_or(Self::Unreadable, |_| Self::Dispatch)
            }
            QueueName::ScanFinish => {
                serde_json::from_str::<FinishJob>(body).map_or(Self::Unreadable, |_| Self::Finish)
            }
            QueueName::ScanDeadLetter => Self::Unreadable,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dispatch => f.write_str("hand out"),
            Self::File(index) => write!(f, "file {index}"),
            Self::Finish => f.write_str("finish"),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

impl Letter {
    /// Parted by tabs: message, queue, kind, scan, its state, age, why.
    pub fn line(&self) -> String {
        let Self { id, queue, kind, session, age, why, .. } = self;
        let state = json!(self.state);
        let state = state.as_str().unwrap_or("?");
        format!("{id}\t{queue}\t{kind}\t{}\t{state}\t{age}\t{why}", session.replace(char::is_control, " "))
    }

    pub fn json(&self) -> Result<String, Problem> {
        let Self { id, queue, kind, session, state, age, why } = self;
        let letter = json!({
            "message": id, "queue": queue, "kind": kind.to_string(), "session_id": session, "state": state,
            "age": age, "why": why,
        });
        serde_json::to_string(&letter).map_err(|error| Problem::new(error.to_string()))
    }
}
