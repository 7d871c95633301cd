// page: receiver
//! Stores the record of a new object and the event that announces it, both or neither.

use data_encoding::HEXLOWER;
use riffle_contracts::BucketEntity;
use riffle_ports::{Failure, FlowState as _, ObjectRef};
use sha2::{Digest, Sha256};

use crate::flow::state::NoteBody;
use crate::flow::{Note, NoteState, Notes, subject};
use crate::topology::PREFIX;

impl Notes {
    /// Ignores objects that are not notes.
    pub async fn receive(&self, object: ObjectRef) -> Result<(), Failure> {
        let Some((tenant, _)) = object.key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/')) else {
            tracing::info!("the object is not a tenant's note");
            return Ok(());
        };
        let (now, tenant, id) = (self.clock.now(), tenant.to_owned(), note_id(&object));
        let note = Note {
            id,
            tenant,
            state: NoteState::Received,
            received_at: now,
            changed_at: now,
            revision: 1,
            body: NoteBody { object, words: None, reason: None, revived: 0 },
        };
        let event = note.received(now);
        // If the notification is delivered twice, the record already exists. Its event may still be in the outbox,
        // because the process that stored it may have crashed.
        if self.records.create(note.to_record(), std::slice::from_ref(&event)).await?.is_some() {
            tracing::debug!(id = note.id, "the note was received before");
        }
        let pending = self.records.outbox_of(&note.tenant, &subject(&note.id)).await?;
        self.announce(&pending).await
    }
}

/// Returns an id derived from one version of one object, so that repeated notifications concern the same note.
pub fn note_id(object: &ObjectRef) -> String {
    let version = object.version.as_deref().unwrap_or(&object.etag);
    let name = format!("{}\n{}\n{version}", object.bucket, object.key);
    HEXLOWER.encode(&Sha256::digest(name)[..16])
}

/// Returns the object that a notification names.
///
/// # Errors
/// [`Failure::Reject`] if the key is not encoded as in notifications.
pub fn object(entity: BucketEntity) -> Result<ObjectRef, Failure> {
    let key = entity.object.decoded_key().map_err(|error| Failure::Reject(error.to_string()))?;
    let (bucket, version, etag) = (entity.bucket.name, entity.object.version, entity.object.etag);
    Ok(ObjectRef { bucket, key, version, etag })
}
// page: end
