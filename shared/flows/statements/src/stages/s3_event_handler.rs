//! The handler of the bucket's notifications: a file was uploaded. Does little work; the processor finds out what the
//! file is.

use riffle_contracts::{BucketEntity, DirectFile, Event, EventData, EventType, FileUploaded, ProcessingMode};
use riffle_ports::{Failure, FlowState as _, ObjectRef, send_all};
use riffle_topology::statements;

use crate::state::file::FileRecord;
use crate::state::ids;
use crate::state::keys;
use crate::state::outbox::{event, outgoing};
use crate::{DeliveryInfo, Statements, metrics};

/// Returns the object that a bucket's notification names.
///
/// # Errors
/// [`Failure::Reject`] if its key is not encoded as notifications encode keys.
pub fn object(entity: BucketEntity) -> Result<ObjectRef, Failure> {
    let key = entity.object.decoded_key().map_err(|error| Failure::Reject(error.to_string()))?;
    // S3 writes the entity tag without quotes in notifications and with quotes elsewhere.
    let etag = entity.object.etag.trim_matches('"').to_owned();
    Ok(ObjectRef { bucket: entity.bucket.name, key, version: entity.object.version, etag })
}

/// The creation of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its key is decoded.
    pub object: ObjectRef,
    pub size: u64,
}

/// Why an object does not belong to this flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Not below `statements/TENANT/`.
    NoStatement,
    Folder,
    /// Recognised by its prefix or its tag.
    RestorePackage,
    /// The object no longer exists.
    Gone,
}

/// The tag that marks an object as a restore package. Its uploader sets it.
const RESTORE_TAG: &str = "riffle-skip";

impl Statements {
    /// Creates the record of an uploaded file and hands the file on. Returns why the object was skipped, if it is not a
    /// statement of this flow.
    pub async fn received(&self, notification: &Notification) -> Result<Option<Skipped>, Failure> {
        let skipped = self.take_note(notification).await?;
        metrics::received(skipped.is_some());
        if let Some(why) = skipped {
            tracing::info!(?why, "an object was skipped");
        }
        Ok(skipped)
    }

    async fn take_note(&self, notification: &Notification) -> Result<Option<Skipped>, Failure> {
        let object = &notification.object;
        let Some((tenant, rest)) = keys::tenant_of(&object.key) else {
            return Ok(Some(Skipped::NoStatement));
        };
        if rest.ends_with('/') {
            return Ok(Some(Skipped::Folder));
        }
        let restore = self.settings.restore_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        if restore.is_some_and(|prefix| rest.starts_with(prefix)) {
            return Ok(Some(Skipped::RestorePackage));
        }
        let id = ids::processing_id(object);
        let file = if let Some(file) = self.file(tenant, &id).await? {
            file
        } else {
            let Some(head) = self.inbox.head(object).await? else { return Ok(Some(Skipped::Gone)) };
            if head.tags.contains_key(RESTORE_TAG) {
                return Ok(Some(Skipped::RestorePackage));
            }
            let now = self.clock.now();
            let last = rest.rsplit('/').next().unwrap_or(rest);
            let file = FileRecord {
                id: id.clone(),
                tenant: tenant.to_owned(),
                name: head.name.unwrap_or_else(|| last.to_owned()),
                object: Some(object.clone()),
                size: head.size,
                account: head.account.filter(|account| !account.trim().is_empty()),
                received_at: now,
                changed_at: now,
                revision: 1,
                ..FileRecord::default()
            };
            match self.records.create(file.to_record(), &[]).await? {
                Some(taken) => FileRecord::from_record(&taken)?,
                None => file,
            }
        };
        // Hand the file on even if its record existed already: an earlier delivery may have crashed before doing so.
        if let Some(uploaded) = uploaded(&file) {
            self.hand_on(&uploaded).await?;
        }
        Ok(None)
    }

    async fn hand_on(&self, uploaded: &Event) -> Result<(), Failure> {
        match self.settings.mode {
            ProcessingMode::Events => self.publish(&[outgoing(uploaded)]).await,
            ProcessingMode::Direct => self.send_direct(uploaded, false).await,
            ProcessingMode::Shadow => {
                self.publish(&[outgoing(uploaded)]).await?;
                self.send_direct(uploaded, true).await
            }
        }
    }

    /// Sends a file directly to the processor's queue, without the bus.
    pub(crate) async fn send_direct(&self, uploaded: &Event, shadow: bool) -> Result<(), Failure> {
        let group = uploaded.data.tenant().to_owned();
        let direct = DirectFile { event: uploaded.clone(), shadow };
        send_all(&*self.queue, statements::PROCESS, &group, [direct]).await
    }

    /// Publishes the failure of a notification on its last delivery. There may be no record of the file, so that
    /// nothing else would report it.
    pub async fn not_received(&self, notification: &Notification, delivery: DeliveryInfo, failure: &Failure) {
        if !delivery.is_last() {
            return;
        }
        let Some((tenant, _)) = keys::tenant_of(&notification.object.key) else { return };
        let file = ids::processing_id(&notification.object);
        let about = ids::event_id(&file, EventType::FileUploaded, &[]);
        self.publish_failure(tenant, &file, statements::RECEIVER, &about, failure).await;
    }
}

/// Returns the event of the upload of `file`, or `None` if the file is gone.
pub(crate) fn uploaded(file: &FileRecord) -> Option<Event> {
    file.object.as_ref()?;
    let data = FileUploaded { tenant: file.tenant.clone(), object: None, size: file.size };
    let data = EventData::FileUploaded(data);
    Some(event(&file.id, file.received_at, data, &[]))
}
