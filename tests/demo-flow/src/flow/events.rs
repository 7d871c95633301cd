// page: events
//! The events of the flow.

use chrono::{DateTime, Utc};
use riffle_contracts::{EVENT_VERSION, Event, FlowEvents, FlowOf};
use riffle_ports::Outgoing;
use serde::{Deserialize, Serialize};

use super::{Note, subject};
use crate::topology::{NAME, RECEIVED};

/// The data of the flow's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event_type", content = "data")]
pub enum NoteEvent {
    /// A note is stored, and its words must be counted.
    #[serde(rename = "note.received")]
    Received { tenant: String },
}

impl FlowEvents for NoteEvent {
    const FLOW: &'static str = NAME;
}

impl Note {
    /// Returns the event that announces the note. Its id is always the same, so that a repeated event is a duplicate.
    pub(super) fn received(&self, at: DateTime<Utc>) -> Outgoing {
        let event_id = format!("{}-received", self.id);
        let event = Event {
            event_id: event_id.clone(),
            version: EVENT_VERSION,
            flow: FlowOf::default(),
            timestamp: at,
            processing_id: self.id.clone(),
            correlation_id: event_id.clone(),
            data: NoteEvent::Received { tenant: self.tenant.clone() },
        };
        Outgoing {
            event_id,
            event_type: RECEIVED.to_owned(),
            tenant: self.tenant.clone(),
            subject: subject(&self.id),
            at,
            detail: serde_json::to_string(&event).expect("events are plain data"),
        }
    }
}
// page: end
