// page: receiver
//! An object has come: store a record of it and announce it, both or neither.

use data_encoding::HEXLOWER;
use riffle_contracts::BucketEntity;
use riffle_ports::{Failure, FlowState as _, ObjectRef};
use sha2::{Digest, Sha256};

use crate::flow::state::NoteBody;
use crate::flow::{Note, NoteState, Notes, subject};
use crate::topology::PREFIX;

impl Notes {
    /// An object that is no note is left alone.
    pub async fn receive(&self, object: ObjectRef) -> Result<(), Failure> {
        let Some((tenant, _)) = object.key.strip_prefix(PREFIX).and_then(|rest| rest.split_once('/')) else {
            tracing::info!("an object is no tenant's note");
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
        // If the notification comes twice, the record is there. Its event may still lie in the outbox: the process that
        // stored it may have crashed.
        if self.records.create(note.to_record(), std::slice::from_ref(&event)).await?.is_some() {
            tracing::debug!(id = note.id, "a note was received before");
        }
        let pending = self.records.outbox_of(&note.tenant, &subject(&note.id)).await?;
        self.announce(&pending).await
    }
}

/// The id of one version of one object: a notification that comes twice is about the same note.
pub fn note_id(object: &ObjectRef) -> String {
    let version = object.version.as_deref().unwrap_or(&object.etag);
    let name = format!("{}\n{}\n{version}", object.bucket, object.key);
    HEXLOWER.encode(&Sha256::digest(name)[..16])
}

/// # Errors
/// [`Failure::Reject`] if the key is not encoded as keys are in notifications.
pub fn object(entity: BucketEntity) -> Result<ObjectRef, Failure> {
    let key = entity.object.decoded_key().map_err(|error| Failure::Reject(error.to_string()))?;
    let (bucket, version, etag) = (entity.bucket.name, entity.object.version, entity.object.etag);
    Ok(ObjectRef { bucket, key, version, etag })
}
// page: end
