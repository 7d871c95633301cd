//! Classifies dead letters of flows on the record store that have no classifier of their own.

use std::sync::Arc;

use async_trait::async_trait;
use riffle_contracts::BucketNotification;
use riffle_ports::{
    DeadLetter, DeadLetterClassifier, Failure, MessageInfo, Record, RecordInfo, RecordStore, Subject,
};
use serde::Deserialize;

/// A classifier that uses the envelope of an event and the record that the event is about.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct RecordClassifier {
    pub records: Arc<dyn RecordStore>,
}

/// The fields that the events of every flow have on the bus.
#[derive(Deserialize)]
struct OnBus {
    detail: EventFields,
}

#[derive(Deserialize)]
struct EventFields {
    flow: String,
    event_type: String,
    processing_id: String,
    data: EventOwner,
}

#[derive(Deserialize)]
struct EventOwner {
    tenant: String,
}

/// The field of a record's body in which flows store the reason of a failure.
#[derive(Deserialize)]
struct FailureReason {
    reason: Option<String>,
}

/// Returns what a message is about: an event of the flow, or an object `PREFIX/TENANT/…` of the uploads bucket, which
/// has no record yet. Returns `None` if it is neither.
pub fn message_info(dead_letter: &DeadLetter) -> Option<MessageInfo> {
    if let Ok(OnBus { detail }) = serde_json::from_str::<OnBus>(&dead_letter.body) {
        let EventFields { flow, event_type, processing_id, data } = detail;
        let about = MessageInfo { subject: processing_id, tenant: Some(data.tenant), kind: event_type };
        return (flow == dead_letter.flow).then_some(about);
    }
    let notification: BucketNotification = serde_json::from_str(&dead_letter.body).ok()?;
    let record = notification.records.into_iter().next()?;
    let key = record.s3.object.decoded_key().ok()?;
    let tenant = key.split('/').nth(1)?.to_owned();
    Some(MessageInfo { subject: String::new(), tenant: Some(tenant), kind: record.event_name })
}

/// Returns the information in the record that a dead letter is about.
pub fn record_info(record: Record) -> RecordInfo {
    let reason = serde_json::from_str(&record.body).ok().and_then(|body: FailureReason| body.reason);
    RecordInfo { tenant: Some(record.tenant), name: None, state: Some(record.state), reason }
}

#[async_trait]
impl DeadLetterClassifier for RecordClassifier {
    fn message_info(&self, dead_letter: &DeadLetter) -> Option<MessageInfo> {
        message_info(dead_letter)
    }

    async fn record_info(
        &self,
        dead_letter: &DeadLetter,
        about: &MessageInfo,
    ) -> Result<RecordInfo, Failure> {
        let Some(tenant) = about.tenant.as_deref().filter(|_| !about.subject.is_empty()) else {
            return Ok(RecordInfo::default());
        };
        let subject = Subject::new(&*dead_letter.flow, &*about.subject);
        Ok(self.records.get(tenant, &subject).await?.map(record_info).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn about(body: &str) -> Option<MessageInfo> {
        message_info(&DeadLetter {
            id: "1".to_owned(),
            flow: "notes".to_owned(),
            function: "note-counter".to_owned(),
            queue: Some("notes-count".to_owned()),
            sent_at: DateTime::UNIX_EPOCH,
            body: body.to_owned(),
        })
    }

    #[test]
    fn a_letter_says_whose_it_is() {
        let event = |flow: &str| {
            format!(
                r#"{{"detail": {{"flow": "{flow}", "event_type": "note.received", "processing_id": "7",
                "data": {{"tenant": "ann"}}}}}}"#
            )
        };
        let whose = |body: &str| about(body).map(|about| (about.tenant.unwrap_or_default(), about.subject));
        assert_eq!(whose(&event("notes")), Some(("ann".to_owned(), "7".to_owned())));
        assert_eq!(whose(&event("statements")), None, "another flow's");
        let notification = r#"{"Records": [{"eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "b"}, "object": {"key": "notes/a+nn/1"}}}]}"#;
        assert_eq!(whose(notification), Some(("a nn".to_owned(), String::new())));
        assert_eq!(whose("{\"detail\":"), None);
    }
}
