//! Google Drive folders, and the access tokens that Google accepts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use riffle_ports::{
    Entry, FileSource, Opened, Pages, PortError, ReadError, SessionId, Source, SourceError, TokenVault,
};

use super::mutants::ScanMutant;
use super::scenario::DrivePlan;
use super::stores::folder;

/// The prefix of a folder's id, followed by its number.
const FOLDER: &str = "folder-";

/// Returns the id of a scenario's folder.
pub fn folder_id(number: usize) -> String {
    format!("{FOLDER}{number}")
}

/// The issuer of tokens, which also checks them.
#[derive(Debug)]
pub struct Google {
    state: Mutex<Tokens>,
}

#[derive(Debug)]
struct Tokens {
    issued: u32,
    /// The number of the first valid token; those before it have expired.
    good_from: u32,
    /// The number of further calls after which all issued tokens expire, then the number until the next expiry, and so
    /// on.
    fuses: Vec<u32>,
}

impl Google {
    pub fn new(plan: DrivePlan) -> Self {
        Self { state: Mutex::new(Tokens { issued: 0, good_from: 0, fuses: plan.fuses }) }
    }

    fn state(&self) -> MutexGuard<'_, Tokens> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Issues a new token.
    pub fn issue(&self) -> String {
        let mut state = self.state();
        state.issued += 1;
        format!("token-{}", state.issued - 1)
    }

    /// Returns whether a call with this token is accepted. Counts the call.
    fn takes(&self, token: &str) -> bool {
        let mut state = self.state();
        match state.fuses.first_mut() {
            Some(0) => {
                state.fuses.remove(0);
                state.good_from = state.issued;
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let number = token.strip_prefix("token-").and_then(|number| number.parse::<u32>().ok());
        number.is_some_and(|number| number >= state.good_from)
    }
}

/// Files that Google Drive serves to callers with a valid token. Other sources are passed through.
pub struct DriveFiles {
    pub files: Arc<dyn FileSource>,
    pub vault: Arc<dyn TokenVault>,
    pub google: Arc<Google>,
    pub mutant: Option<ScanMutant>,
}

/// The tenant and session of a call, with access to the tokens.
#[derive(Clone)]
struct DriveCaller {
    tenant: String,
    session: SessionId,
    vault: Arc<dyn TokenVault>,
    google: Arc<Google>,
}

impl DriveCaller {
    async fn may(&self) -> Result<bool, PortError> {
        let token = self.vault.get(&self.tenant, &self.session).await?;
        Ok(token.is_some_and(|token| self.google.takes(&token.secret)))
    }
}

impl DriveFiles {
    /// Returns the caller, and the folder in which the files are stored in memory. `None` if the source is not a Drive
    /// folder.
    fn caller(&self, source: &Source) -> Option<(DriveCaller, Source)> {
        let Source::Drive { tenant, session, folder: id } = source else { return None };
        let number = id.strip_prefix(FOLDER)?.parse().ok()?;
        let caller = DriveCaller {
            tenant: tenant.clone(),
            session: session.clone(),
            vault: Arc::clone(&self.vault),
            google: Arc::clone(&self.google),
        };
        Some((caller, Source::Folders(vec![folder(number)])))
    }
}

#[async_trait]
impl FileSource for DriveFiles {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let Some((caller, folders)) = self.caller(source) else {
            return self.files.list(source).await;
        };
        if !caller.may().await? {
            return Err(SourceError::TokenExpired);
        }
        let pages = self.files.list(&folders).await?;
        Ok(Box::new(DrivePages { caller, pages }))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        if let Some((caller, _)) = self.caller(source)
            && !caller.may().await?
        {
            return Err(SourceError::TokenExpired);
        }
        self.files.find(source, entry).await
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        if let Some((caller, _)) = self.caller(source)
            && !caller.may().await?
        {
            return Err(match self.mutant {
                Some(ScanMutant::RetryOnExpiredToken) => {
                    PortError::Unavailable("the token expired".to_owned()).into()
                }
                Some(ScanMutant::ExpiredTokenFailsFile) => ReadError::Denied("the token expired".to_owned()),
                _ => ReadError::TokenExpired,
            });
        }
        self.files.open(source, entry).await
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        self.files.identity(source, entry)
    }
}

/// A listing whose token may expire between two pages.
struct DrivePages {
    caller: DriveCaller,
    pages: Box<dyn Pages>,
}

#[async_trait]
impl Pages for DrivePages {
    async fn next(&mut self) -> Result<Option<Vec<Entry>>, SourceError> {
        if self.caller.may().await? { self.pages.next().await } else { Err(SourceError::TokenExpired) }
    }
}
