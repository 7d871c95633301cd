//! The base that all stages of a scan share: the ports, the settings and cached values.

use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use riffle_ports::{
    ClientNotifier, Clock, ConnectionRegistry, Failure, FileSource, Ids, Meter, Notices, ObjectStore,
    PortError, Quotas, ScanLedger, Session, SessionId, TokenVault, UploadStorage, WorkQueue, send_all,
};
use serde::Serialize;

use crate::codes::CodeFiles;
use crate::evidence::page_images::PageImages;
use crate::matching::{CodeList, MatchRule, Matcher};
use crate::queries::code_states::{CachedCounts, KEPT_COUNTS};
use crate::recent::Recent;
use crate::report::report_images::Drawing;
use crate::report::{Reports, Workbooks};
use crate::settings::ScanSettings;
use crate::state::manifest;
use crate::state::request::{Request, keys, stored_codes};

/// Sessions whose codes a worker caches.
const CACHED_LISTS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// The ports that a scan needs.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct ScanPorts {
    pub ledger: Arc<dyn ScanLedger>,
    pub objects: Arc<dyn ObjectStore>,
    pub queue: Arc<dyn WorkQueue>,
    pub connections: Arc<dyn ConnectionRegistry>,
    pub notifier: Arc<dyn ClientNotifier>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// Counts what the adapters of this process use. Feeds the receipt.
    pub meter: Arc<Meter>,
}

/// The base of all stages. Cheap to clone; build it once per process.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Scan {
    pub(crate) ports: ScanPorts,
    pub(crate) settings: ScanSettings,
    pub(crate) manifest: manifest::ManifestReader,
    pub(crate) reports: Arc<dyn Reports>,
    pub(crate) kept_counts: Recent<SessionId, CachedCounts>,
    pub(crate) drawing: Option<Drawing>,
    pub(crate) notices: Option<Arc<dyn Notices>>,
    pub(crate) tokens: Option<Arc<dyn TokenVault>>,
    pub(crate) uploads: Option<Arc<dyn UploadStorage>>,
    pub(crate) code_files: Option<Arc<dyn CodeFiles>>,
    pub(crate) quotas: Quotas,
    cached: Recent<SessionId, Arc<SessionCodes>>,
}

/// A session's codes, ready for use.
pub(crate) struct SessionCodes {
    pub list: CodeList,
    pub matcher: Arc<Matcher>,
}

impl Scan {
    pub fn new(ports: ScanPorts, settings: ScanSettings) -> Self {
        let manifest = manifest::ManifestReader::new(Arc::clone(&ports.objects));
        Self {
            ports,
            settings,
            manifest,
            reports: Arc::new(Workbooks),
            kept_counts: Recent::new(KEPT_COUNTS),
            drawing: None,
            notices: None,
            tokens: None,
            uploads: None,
            code_files: None,
            quotas: Quotas::none(),
            cached: Recent::new(CACHED_LISTS),
        }
    }

    /// Replaces the Excel workbooks with another kind of report.
    #[must_use]
    pub fn with_reports(self, reports: Arc<dyn Reports>) -> Self {
        Self { reports, ..self }
    }

    /// Adds pictures to reports, of pages of `files` drawn by `images`.
    #[must_use]
    pub fn with_pictures(self, files: Arc<dyn FileSource>, images: Arc<dyn PageImages>) -> Self {
        Self { drawing: Some(Drawing { files, images }), ..self }
    }

    /// Sends a notice when a session has ended.
    #[must_use]
    pub fn with_notices(self, notices: Arc<dyn Notices>) -> Self {
        Self { notices: Some(notices), ..self }
    }

    /// Adds a vault for the access tokens that users lend, so that Google Drive folders can be read.
    #[must_use]
    pub fn with_tokens(self, tokens: Arc<dyn TokenVault>) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// Adds the storage of uploaded files, so that they can be removed.
    #[must_use]
    pub fn with_uploads(self, uploads: Arc<dyn UploadStorage>) -> Self {
        Self { uploads: Some(uploads), ..self }
    }

    /// Limits what a tenant may start and request.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// Adds a reader of files that list codes, so that scans can be started with one.
    #[must_use]
    pub fn with_code_files(self, files: Arc<dyn CodeFiles>) -> Self {
        Self { code_files: Some(files), ..self }
    }

    /// Returns the session that a message names. Without a session the message is rejected: redelivery would not help.
    pub(crate) async fn named(&self, id: &SessionId) -> Result<Session, Failure> {
        self.ports.ledger.session(id).await?.ok_or_else(|| no_session(id))
    }

    /// Stores a list of codes under the session's key and returns its digest.
    pub(crate) async fn store_codes(
        &self,
        session: &SessionId,
        codes: &CodeList,
    ) -> Result<String, PortError> {
        let (json, digest) = stored_codes(codes);
        self.ports.objects.put(&keys::codes(session, &digest), Bytes::from(json)).await?;
        Ok(digest)
    }

    /// Returns the session's codes and their matcher, cached for the sessions used last.
    pub(crate) async fn codes(
        &self,
        session: &Session,
        request: &Request,
    ) -> Result<Arc<SessionCodes>, PortError> {
        if let Some(codes) = self.cached.get(&session.id) {
            return Ok(codes);
        }
        let mode = match request.options.matching {
            riffle_contracts::MatchMode::Token => MatchRule::Token,
            riffle_contracts::MatchMode::Substring => MatchRule::Substring,
        };
        let list = self.load_codes(session, request).await?;
        let codes = Arc::new(SessionCodes { matcher: Arc::new(Matcher::new(&list, mode)), list });
        self.cached.put(session.id.clone(), Arc::clone(&codes));
        Ok(codes)
    }

    pub(crate) async fn load_codes(
        &self,
        session: &Session,
        request: &Request,
    ) -> Result<CodeList, PortError> {
        let key = keys::codes(&session.id, &request.codes_digest);
        let Some(json) = self.ports.objects.get(&key).await? else {
            return Err(PortError::Broken(format!("the code list {key} is missing")));
        };
        let broken = |why: String| PortError::Broken(format!("the code list {key} cannot be read: {why}"));
        let spellings = serde_json::from_slice(&json).map_err(|error| broken(error.to_string()))?;
        CodeList::new(spellings).map_err(|error| broken(error.to_string()))
    }

    /// Sends each of `bodies` as a message of the session.
    pub(crate) async fn send<T: Serialize>(
        &self,
        queue: &str,
        session: &SessionId,
        bodies: impl IntoIterator<Item = T>,
    ) -> Result<(), Failure> {
        send_all(&*self.ports.queue, queue, session.as_ref(), bodies).await
    }
}

pub(crate) fn no_session(id: &SessionId) -> Failure {
    Failure::Reject(format!("session {id} does not exist"))
}
