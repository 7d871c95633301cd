//! A dead letter as a person may see it: what it is of, never what it holds.

use std::fmt;

use riffle_contracts::{BucketNotification, BusEvent, DirectFile, DispatchJob, Event, FinishJob, ScanFile};
use riffle_ingest::{processing_id, tenant_of};
use riffle_local_adapters::QueueName;
use riffle_ports::{FileId, ObjectRef};
use serde_json::json;

use crate::error::Problem;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Lists a source and hands its files out.
    Dispatch,
    /// Reads the file of this index.
    File(u32),
    /// Verifies a scan and writes its report.
    Finish,
    /// Of a statement: what happened to it.
    Statement { tenant: String, file: FileId, event: String },
    /// Nothing that riffle sends.
    Unreadable,
}

#[derive(Debug)]
pub struct Letter {
    pub id: String,
    /// Where it failed last, and would go back to.
    pub queue: String,
    pub kind: Kind,
    /// The scan, or the statement.
    pub of: String,
    /// Its state, as its contract writes it.
    pub state: Option<String>,
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
            QueueName::FileUploads => Self::uploaded(body).unwrap_or(Self::Unreadable),
            QueueName::FileProcessor
            | QueueName::Categorization
            | QueueName::Analytics
            | QueueName::Audit
            | QueueName::Errors => Self::happened(body).unwrap_or(Self::Unreadable),
            dead => unreachable!("nothing is sent to {dead:?}"),
        }
    }

    fn uploaded(body: &str) -> Option<Self> {
        let told: BucketNotification = serde_json::from_str(body).ok()?;
        let record = told.records.into_iter().next()?;
        let key = record.s3.object.decoded_key().ok()?;
        let tenant = tenant_of(&key)?.0.to_owned();
        let (version, etag) = (record.s3.object.version, record.s3.object.etag);
        let file = processing_id(&ObjectRef { bucket: record.s3.bucket.name, key, version, etag });
        Some(Self::Statement { tenant, file, event: record.event_name })
    }

    fn happened(body: &str) -> Option<Self> {
        let of = |event: Event| Self::Statement {
            tenant: event.data.tenant().to_owned(),
            event: event.event_type().as_str().to_owned(),
            file: FileId(event.processing_id),
        };
        let told = serde_json::from_str::<BusEvent>(body).map(|told| told.detail);
        told.or_else(|_| serde_json::from_str::<DirectFile>(body).map(|told| told.event)).ok().map(of)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dispatch => f.write_str("hand out"),
            Self::File(index) => write!(f, "file {index}"),
            Self::Finish => f.write_str("finish"),
            Self::Statement { event, .. } => f.write_str(event),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

impl Letter {
    /// Parted by tabs: message, queue, kind, scan or statement, its state, age, why.
    pub fn line(&self) -> String {
        let Self { id, queue, kind, of, state, age, why } = self;
        let state = state.as_deref().unwrap_or("?");
        let [kind, of, why] = [&kind.to_string(), of, why].map(|text| text.replace(char::is_control, " "));
        format!("{id}\t{queue}\t{kind}\t{of}\t{state}\t{age}\t{why}")
    }

    pub fn json(&self) -> Result<String, Problem> {
        let Self { id, queue, kind, of, state, age, why } = self;
        let name = if matches!(kind, Kind::Statement { .. }) { "file" } else { "session_id" };
        let letter = json!({
            "message": id, "queue": queue, "kind": kind.to_string(), name: of, "state": state,
            "age": age, "why": why,
        });
        serde_json::to_string(&letter).map_err(|error| Problem::new(error.to_string()))
    }
}
