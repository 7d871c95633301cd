//! Deterministic ids: the same input always yields the same id.

use data_encoding::HEXLOWER;
use riffle_contracts::{EVENT_VERSION, EventType};
use riffle_ports::{FileId, ObjectRef, TransactionKey};
use sha2::{Digest, Sha256};

/// Returns a digest of `parts`, as 32 hexadecimal digits. Each part is preceded by its length, so that no two lists
/// hash the same bytes.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    HEXLOWER.encode(&hash.finalize()[..16])
}

/// Returns the id of one version of one object, so that a repeated notification names the same work.
pub fn processing_id(object: &ObjectRef) -> FileId {
    let version = object.version.as_deref().unwrap_or(&object.etag);
    FileId(digest(&[&object.bucket, &object.key, version]))
}

/// Returns the id of an event of a file. `about` distinguishes events that may happen more than once.
pub fn event_id(file: &FileId, kind: EventType, about: &[&str]) -> String {
    let version = EVENT_VERSION.to_string();
    let mut parts = vec![file.as_ref(), kind.as_str(), &version];
    parts.extend(about);
    digest(&parts)
}

/// Returns the id of a transaction, for clients.
pub fn transaction_id(key: &TransactionKey) -> String {
    digest(&[&key.account, &key.date.to_string(), &key.identity, &key.occurrence.to_string()])
}

/// Returns a tenant's name as part of a storage key: valid whatever the name is, and never another tenant's.
pub(crate) fn tenant(tenant: &str) -> String {
    digest(&["tenant", tenant])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(version: Option<&str>, etag: &str) -> ObjectRef {
        ObjectRef {
            bucket: "b".into(),
            key: "statements/t/a".into(),
            version: version.map(Into::into),
            etag: etag.into(),
        }
    }

    #[test]
    fn a_file_is_a_version_of_an_object() {
        let id = processing_id(&object(Some("1"), "x"));
        assert_eq!(
            id,
            processing_id(&object(Some("1"), "y")),
            "the ETag does not matter if the object has a version"
        );
        assert_ne!(id, processing_id(&object(Some("2"), "x")));
        assert_ne!(processing_id(&object(None, "x")), processing_id(&object(None, "y")));
    }

    #[test]
    fn an_event_is_a_happening_of_a_file() {
        let file = FileId("f".into());
        let id = event_id(&file, EventType::FileProcessed, &[]);
        assert_eq!(id.len(), 32);
        assert_ne!(id, event_id(&file, EventType::FileDeleted, &[]));
        assert_ne!(id, event_id(&file, EventType::FileProcessed, &["a"]));
    }
}
