//! The stored request of a session, and the one place that makes ids and object keys.

use data_encoding::HEXLOWER;
use riffle_contracts::Options;
use riffle_ports::{PortError, SessionId, Source};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::matching::CodeList;

/// The request of a session. It is stored with the session and never changed, except that a deletion reduces it to
/// [`Request::remains`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    pub source: Source,
    pub options: Options,
    /// SHA-256 of the stored list of codes.
    pub codes_digest: String,
    /// Number of codes. `None` in sessions stored before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<u32>,
    /// The earlier session of a retry: its results are kept and its failed files are read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<SessionId>,
}

impl Request {
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("a request is plain data")
    }

    /// Returns the rest of the request that is kept when the session is to be deleted: enough to find what must still
    /// be removed.
    #[must_use]
    pub fn remains(&self) -> Self {
        let source = match &self.source {
            Source::Upload(upload) => Source::Upload(upload.clone()),
            Source::Folders(_) | Source::Prefix { .. } | Source::Drive { .. } => Source::Folders(Vec::new()),
        };
        let (options, codes_digest) = (Options::default(), String::new());
        Self { source, options, codes_digest, codes: None, retry_of: None }
    }

    pub fn decode(json: &str) -> Result<Self, PortError> {
        serde_json::from_str(json)
            .map_err(|error| PortError::Broken(format!("a stored session request cannot be read: {error}")))
    }
}

/// Returns the id of a session: the same request of the same tenant is the same session.
pub fn session_id(tenant: &str, request_id: &str) -> SessionId {
    let mut hash = Sha256::new();
    hash.update((tenant.len() as u64).to_be_bytes());
    hash.update(tenant);
    hash.update(request_id);
    let mut id = HEXLOWER.encode(&hash.finalize());
    id.truncate(32);
    SessionId(id)
}

/// Returns a list of codes as it is stored, and the digest that names it.
pub fn stored_codes(codes: &CodeList) -> (Vec<u8>, String) {
    let json = serde_json::to_vec(codes.spellings()).expect("strings are plain data");
    let digest = digest(&json);
    (json, digest)
}

pub fn digest(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Keys in the object store. Names given by people never become part of a key.
pub mod keys {
    use riffle_ports::SessionId;

    pub fn codes(session: &SessionId, digest: &str) -> String {
        format!("codes/{session}/{digest}")
    }

    pub fn manifest_part(session: &SessionId, attempt: &str, part: u32) -> String {
        format!("manifests/{session}/{attempt}/{part:06}")
    }

    /// Returns the key of the list of files that a retry reads again.
    pub fn manifest_again(session: &SessionId, attempt: &str) -> String {
        format!("manifests/{session}/{attempt}/again")
    }

    /// Keyed by content: a different result of another attempt at the same file has another key, and the stored result
    /// says which of them counts.
    pub fn result(session: &SessionId, index: u32, digest: &str) -> String {
        format!("results/{session}/{index:07}-{}", &digest[..16])
    }

    /// Returns the key of the pictures of a file's codes, for the report.
    pub fn crops(session: &SessionId, index: u32) -> String {
        format!("crops/{session}/{index:07}")
    }

    pub fn report(session: &SessionId) -> String {
        format!("reports/{session}.xlsx")
    }

    /// Returns the folders of all objects of a session, except its report.
    pub fn folders(session: &SessionId) -> [String; 4] {
        ["codes", "manifests", "results", "crops"].map(|of| format!("{of}/{session}"))
    }

    /// Returns the folder of a tenant's uploads. Whatever a tenant is called, its folder is neither another tenant's
    /// nor inside one.
    pub fn uploads(tenant: &str) -> String {
        format!("uploads/{}/", &super::digest(tenant.as_bytes())[..32])
    }

    /// Returns the folder of understood lists of codes, which are keyed by content.
    pub fn code_lists(tenant: &str) -> String {
        format!("{}codes/", uploads(tenant))
    }

    /// Returns the key that records that a tenant has this upload.
    pub fn upload(tenant: &str, upload: &str) -> String {
        format!("{}sets/{upload}", uploads(tenant))
    }

    /// Returns the folder of an upload, in the object store and among uploaded files. It contains all data of the
    /// upload except the record of its tenants.
    pub fn upload_folder(upload: &str) -> String {
        format!("uploaded/{upload}")
    }

    /// Returns the folder with a key for each session that uses an upload.
    pub fn upload_uses(upload: &str) -> String {
        format!("uploaded/{upload}/used")
    }

    pub fn upload_use(upload: &str, session: &SessionId) -> String {
        format!("{}/{session}", upload_uses(upload))
    }

    /// Returns the key of the batch of files declared from number `first` on.
    pub fn upload_batch(upload: &str, first: u32) -> String {
        format!("uploaded/{upload}/declared/{first:07}")
    }

    /// Returns the key of the storage's id for a file that comes in parts.
    pub fn upload_parts(upload: &str, number: u32) -> String {
        format!("uploaded/{upload}/parts/{number:07}")
    }

    pub fn uploaded_files(upload: &str) -> String {
        format!("uploaded/{upload}/files")
    }

    pub fn uploaded_file(upload: &str, number: u32) -> String {
        format!("{}/{number:07}", uploaded_files(upload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_and_request_id_do_not_run_together() {
        assert_ne!(session_id("ab", "c"), session_id("a", "bc"));
        assert_eq!(session_id("a", "b"), session_id("a", "b"));
        assert_eq!(session_id("a", "b").0.len(), 32);
    }
}
