//! Classifies the dead letters of statements: which file each is about.

use async_trait::async_trait;
use riffle_contracts::{BucketNotification, BusEvent, DirectFile, Event};
use riffle_ports::{DeadLetter, DeadLetterClassifier, Failure, FileId, MessageInfo, RecordInfo};
use riffle_topology::statements::{PROCESSOR, UPLOADS};

use crate::Statements;
use crate::stages::s3_event_handler::object;
use crate::state::file::FileRecord;
use crate::state::ids;
use crate::state::keys;

/// Returns what a message of the statements flow itself states about its subject.
pub fn message_info(dead_letter: &DeadLetter) -> Option<MessageInfo> {
    if dead_letter.queue.as_deref() == Some(UPLOADS) {
        return uploaded(&dead_letter.body);
    }
    let event = serde_json::from_str::<BusEvent>(&dead_letter.body).map(|bus| bus.detail);
    let event =
        event.or_else(|_| serde_json::from_str::<DirectFile>(&dead_letter.body).map(|direct| direct.event));
    event.ok().map(of_event)
}

fn uploaded(body: &str) -> Option<MessageInfo> {
    let notification: BucketNotification = serde_json::from_str(body).ok()?;
    let record = notification.records.into_iter().next()?;
    let object = object(record.s3).ok()?;
    let tenant = keys::tenant_of(&object.key)?.0.to_owned();
    Some(MessageInfo {
        subject: ids::processing_id(&object).0,
        tenant: Some(tenant),
        kind: record.event_name,
    })
}

fn of_event(event: Event) -> MessageInfo {
    MessageInfo {
        tenant: Some(event.data.tenant().to_owned()),
        kind: event.event_type().as_str().to_owned(),
        subject: event.processing_id,
    }
}

/// Returns what a file's record, if there is one, states about a message that failed in `function`.
pub fn record_info(function: &str, file: Option<FileRecord>) -> RecordInfo {
    let Some(file) = file else { return RecordInfo::default() };
    let findings = file.findings;
    let failed = findings.errors.into_iter().rev().find(|failed| failed.stage == function);
    let own = if function == PROCESSOR { findings.reason } else { None };
    RecordInfo {
        tenant: Some(file.tenant),
        name: (!file.name.is_empty()).then_some(file.name),
        state: Some(file.state.as_str().to_owned()),
        reason: failed.map(|failed| failed.reason).or(own),
    }
}

#[async_trait]
impl DeadLetterClassifier for Statements {
    fn message_info(&self, dead_letter: &DeadLetter) -> Option<MessageInfo> {
        message_info(dead_letter)
    }

    async fn record_info(
        &self,
        dead_letter: &DeadLetter,
        about: &MessageInfo,
    ) -> Result<RecordInfo, Failure> {
        let Some(tenant) = &about.tenant else { return Ok(RecordInfo::default()) };
        let file = self.file(tenant, &FileId(about.subject.clone())).await?;
        Ok(record_info(&dead_letter.function, file))
    }
}
