//! Classifies the dead letters of scans: which scan or file each is about.

use async_trait::async_trait;
use riffle_contracts::{DispatchJob, FinishJob, ScanFile, ScheduledScan};
use riffle_ports::{DeadLetter, DeadLetterClassifier, Failure, MessageInfo, RecordInfo, Session, SessionId};
use riffle_topology::scan as queues;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::Scan;

/// The part of a schedule's event that is read.
#[derive(Deserialize)]
struct Scheduled {
    detail: ScheduledScan,
}

/// Returns what a message of a scan says about itself. Jobs for the dispatcher and for the finisher look alike, so the
/// queue on which they failed distinguishes them.
pub fn message_info(dead_letter: &DeadLetter) -> Option<MessageInfo> {
    fn read<T: DeserializeOwned>(dead_letter: &DeadLetter) -> Option<T> {
        serde_json::from_str(&dead_letter.body).ok()
    }
    let of = |subject, kind: &str| Some(MessageInfo { subject, tenant: None, kind: kind.to_owned() });
    match dead_letter.queue.as_deref() {
        Some(queues::WORK | queues::QUARANTINE) => {
            let file: ScanFile = read(dead_letter)?;
            of(file.session_id, &format!("file {}", file.index))
        }
        Some(queues::DISPATCH) => of(read::<DispatchJob>(dead_letter)?.session_id, "hand out"),
        Some(queues::FINISH) => of(read::<FinishJob>(dead_letter)?.session_id, "finish"),
        Some(_) => None,
        None => {
            let due = read::<Scheduled>(dead_letter)?.detail;
            Some(MessageInfo {
                subject: String::new(),
                tenant: Some(due.tenant),
                kind: "schedule".to_owned(),
            })
        }
    }
}

/// Returns what the record of the scan, if there is one, says about a message.
pub fn record_info(about: &MessageInfo, session: Option<&Session>) -> RecordInfo {
    if about.subject.is_empty() {
        let reason = "a scheduled scan did not start: wait for the next one, or start it on the page";
        return RecordInfo { reason: Some(reason.to_owned()), ..RecordInfo::default() };
    }
    let Some(session) = session else {
        return RecordInfo { reason: Some("its scan does not exist".to_owned()), ..RecordInfo::default() };
    };
    let at_an_end = session.state.is_terminal();
    RecordInfo {
        tenant: Some(session.tenant.clone()),
        name: None,
        state: json!(session.state).as_str().map(str::to_lowercase),
        reason: at_an_end.then(|| "its scan has ended: nothing is left to do".to_owned()),
    }
}

#[async_trait]
impl DeadLetterClassifier for Scan {
    fn message_info(&self, dead_letter: &DeadLetter) -> Option<MessageInfo> {
        message_info(dead_letter)
    }

    async fn record_info(&self, _: &DeadLetter, about: &MessageInfo) -> Result<RecordInfo, Failure> {
        let session = self.ports.ledger.session(&SessionId(about.subject.clone())).await?;
        Ok(record_info(about, session.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn dead_letter(queue: Option<&str>, body: &str) -> DeadLetter {
        DeadLetter {
            id: "1".to_owned(),
            flow: queues::NAME.to_owned(),
            function: "any".to_owned(),
            queue: queue.map(str::to_owned),
            sent_at: DateTime::UNIX_EPOCH,
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_message_tells_what_it_is() {
        let schedule = r#"{"version":"0","detail-type":"scan.scheduled","detail":
            {"name":"daily","scheduled_time":"t","tenant":"acme","prefix":"in/"}}"#;
        for (queue, body, expected) in [
            (Some(queues::WORK), r#"{"session_id":"s","index":7}"#, Some(("s", None, "file 7"))),
            (Some(queues::QUARANTINE), r#"{"session_id":"s","index":7}"#, Some(("s", None, "file 7"))),
            (Some(queues::DISPATCH), r#"{"session_id":"s"}"#, Some(("s", None, "hand out"))),
            (Some(queues::FINISH), r#"{"session_id":"s"}"#, Some(("s", None, "finish"))),
            (Some(queues::WORK), r#"{"session_id":"s"}"#, None),
            (Some(queues::FINISH), "no JSON", None),
            (Some("statements-audit"), r#"{"session_id":"s"}"#, None),
            (None, schedule, Some(("", Some("acme"), "schedule"))),
            (None, r#"{"session_id":"s"}"#, None),
        ] {
            let about = message_info(&dead_letter(queue, body));
            let about = about.as_ref().map(|one| (&*one.subject, one.tenant.as_deref(), &*one.kind));
            assert_eq!(about, expected, "{queue:?}: {body}");
        }
    }
}
