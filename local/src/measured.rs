//! Measurement of how long the stages of the statements flow take.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use riffle_local_adapters::{Measure, ReceivedMessage, Timings};
use riffle_topology::{Consumed, Trigger};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The maximum number of files to remember. An older file is measured only for its stage.
const MAX_FILES: usize = 50_000;

/// The time of receipt of each file in progress, by processing id.
#[derive(Debug, Default)]
pub struct Uploaded(Mutex<ReceiptTimes>);

#[derive(Debug, Default)]
struct ReceiptTimes {
    at: HashMap<String, DateTime<Utc>>,
    /// Oldest first.
    order: VecDeque<String>,
}

/// The fields of a bus event that are needed here.
#[derive(Deserialize)]
struct BusEventFields {
    detail: MeasuredDetail,
    /// A replayed event belongs to a file that was received long ago.
    #[serde(rename = "replay-name", default)]
    replay_name: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct MeasuredDetail {
    event_type: String,
    processing_id: String,
    /// In the first event of a file, the time of its receipt.
    timestamp: DateTime<Utc>,
}

impl Uploaded {
    /// Measures a message that was handled.
    pub fn measure(
        &self,
        timings: &Timings,
        consumer: &Consumed,
        message: &ReceivedMessage,
        now: DateTime<Utc>,
    ) {
        // If the clock was set back, the difference is meaningless.
        let note = |measure, since: DateTime<Utc>| {
            if let Ok(took) = (now - since).to_std() {
                timings.note(measure, consumer.function, took);
            }
        };
        note(Measure::Stage, message.sent_at);
        if matches!(consumer.trigger, Trigger::Bucket(_)) {
            return note(Measure::SinceUpload, message.sent_at);
        }
        let Ok(BusEventFields { detail, replay_name: None }) = serde_json::from_str(&message.body) else {
            return;
        };
        if let Some(received) = self.received(detail) {
            note(Measure::SinceUpload, received);
        }
    }

    fn received(&self, detail: MeasuredDetail) -> Option<DateTime<Utc>> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if detail.event_type != "file.uploaded" {
            return files.at.get(&detail.processing_id).copied();
        }
        if files.at.insert(detail.processing_id.clone(), detail.timestamp).is_none() {
            files.order.push_back(detail.processing_id);
            if files.order.len() > MAX_FILES
                && let Some(oldest) = files.order.pop_front()
            {
                files.at.remove(&oldest);
            }
        }
        Some(detail.timestamp)
    }
}
