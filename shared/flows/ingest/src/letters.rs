//! Dead letters, as far as they are somebody's.

use std::sync::Arc;

use riffle_contracts::http_ingest::{DeadLetterItem, DeadLetters as Answer};
use riffle_contracts::{BucketNotification, BusEvent, DirectFile, Event};
use riffle_ports::{DeadLetter, DeadLetters, Failure, FileId, ObjectRef};

use crate::findings::Findings;
use crate::{Ingest, ids, keys};

/// Shown at once.
const SHOWN: u32 = 200;

/// What failed too often, behind what holds it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Letters {
    pub dead: Arc<dyn DeadLetters>,
    /// There is one tenant: what cannot be understood is his, too.
    pub alone: bool,
}

/// What a dead letter is about.
struct About {
    tenant: String,
    file: FileId,
    event_type: String,
}

impl About {
    fn of(body: &str) -> Option<Self> {
        if let Ok(event) = serde_json::from_str::<BusEvent>(body) {
            return Some(Self::event(&event.detail));
        }
        if let Ok(direct) = serde_json::from_str::<DirectFile>(body) {
            return Some(Self::event(&direct.event));
        }
        let notification: BucketNotification = serde_json::from_str(body).ok()?;
        let record = notification.records.into_iter().next()?;
        let key = record.s3.object.decoded_key().ok()?;
        let tenant = keys::tenant_of(&key)?.0.to_owned();
        let file = ids::processing_id(&ObjectRef {
            bucket: record.s3.bucket.name,
            key,
            version: record.s3.object.version,
            etag: record.s3.object.etag,
        });
        Some(Self { tenant, file, event_type: record.event_name })
    }

    fn event(event: &Event) -> Self {
        Self {
            tenant: event.data.tenant().to_owned(),
            file: FileId(event.processing_id.clone()),
            event_type: event.event_type().as_str().to_owned(),
        }
    }
}

impl Letters {
    /// The tenant's, with the reason as far as it is on the file's record.
    pub async fn of(&self, ingest: &Ingest, tenant: &str) -> Result<Answer, Failure> {
        let (found, more) = self.dead.list(SHOWN).await?;
        let mut letters = Vec::new();
        for letter in found {
            let about = About::of(&letter.body);
            if !self.is_of(about.as_ref(), tenant) {
                continue;
            }
            letters.push(item(ingest, letter, about).await?);
        }
        Ok(Answer { letters, more })
    }

    /// Hands out again those of the tenant's that `ids` names, or all. How many it were.
    pub async fn redrive(&self, tenant: &str, ids: Option<&[String]>) -> Result<u64, Failure> {
        let (mut found, _) = self.dead.list(SHOWN).await?;
        found.retain(|letter| {
            ids.is_none_or(|ids| ids.contains(&letter.id))
                && self.is_of(About::of(&letter.body).as_ref(), tenant)
        });
        Ok(self.dead.redrive(&found).await?)
    }

    fn is_of(&self, about: Option<&About>, tenant: &str) -> bool {
        about.map_or(self.alone, |about| about.tenant == tenant)
    }
}

async fn item(ingest: &Ingest, letter: DeadLetter, about: Option<About>) -> Result<DeadLetterItem, Failure> {
    let mut item = DeadLetterItem {
        id: letter.id,
        flow: "statements".to_owned(),
        stage: letter.stage,
        event_type: None,
        subject: None,
        subject_name: None,
        sent_at: letter.sent_at,
        reason: about.is_none().then(|| "the message cannot be understood".to_owned()),
    };
    let Some(about) = about else { return Ok(item) };
    if let Some(file) = ingest.files.file(&about.tenant, &about.file).await? {
        let findings = Findings::of(&file)?;
        let failed = findings.errors.iter().rev().find(|failed| failed.stage == item.stage);
        let own = (item.stage == crate::processor::STAGE).then_some(findings.reason.as_ref()).flatten();
        item.reason = failed.map(|failed| failed.reason.clone()).or_else(|| own.cloned());
        item.subject_name = (!file.name.is_empty()).then_some(file.name);
        item.subject = Some(about.file.0);
    }
    item.event_type = Some(about.event_type);
    Ok(item)
}
