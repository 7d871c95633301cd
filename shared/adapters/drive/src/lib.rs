//! Google Drive as a place that holds files: folders read through the REST interface, version 3, with the token that a
//! session was lent.
//!
//! What holds:
//! - **One host.** Every address is the configured endpoint and an id that was checked; no redirect is followed, so that
//!   no file, name or answer leads anywhere else, and the token goes nowhere else.
//! - **The token is nowhere but in the vault and in the header of a request.** It is in no error, log or `Debug`.
//! - **Nothing is left out in silence.** What lies in a folder and cannot be listed or read is an entry all the same,
//!   whose reading says why.
//! - **A file is read as it was listed.** Its version is the checksum of its content, compared with what came.
//!
//! This crate decides nothing about scans. TLS is rustls with the system's roots, where `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` count; there are no others.

mod backoff;
mod client;
mod error;
mod kind;
mod listing;
mod resource;
mod token_source;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};
use riffle_ports::{
    Entry, FileSource, Opened, Pages, PortError, ReadError, Source, SourceError, TokenVault, is_drive_id,
};

pub use backoff::Backoff;

use client::Client;
use error::Trouble;
use kind::{Kind, Located};
use token_source::Lender;

/// A client of HTTP whose TLS is rustls with ring.
pub fn http() -> reqwest::ClientBuilder {
    // An error says that this process has chosen already.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
}

/// Where Google Drive is.
pub const ENDPOINT: &str = "https://www.googleapis.com";

/// What may differ from one deployment to another, and in tests.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Scheme and host. Plain HTTP leads to this machine alone.
    pub endpoint: String,
    /// Files above so many bytes are refused. A file that is read lies in memory whole.
    pub bytes: u64,
    /// Most files and folders of one listing, and how far below its folder it goes.
    pub files: usize,
    pub folders: usize,
    pub depth: usize,
    pub backoff: Backoff,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            endpoint: ENDPOINT.to_owned(),
            bytes: 512 << 20,
            files: 250_000,
            folders: 50_000,
            depth: 100,
            backoff: Backoff::default(),
        }
    }
}

/// Reads [`Source::Drive`].
#[derive(Clone)]
pub struct Drive {
    client: Arc<Client>,
}

impl std::fmt::Debug for Drive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drive").finish_non_exhaustive()
    }
}

impl Drive {
    /// # Errors
    /// If the endpoint is none. The text says why.
    pub fn new(settings: Settings, vault: Arc<dyn TokenVault>) -> Result<Self, String> {
        Ok(Self { client: Arc::new(Client::new(settings, vault)?) })
    }

    /// What has bytes of its own.
    async fn blob(&self, lender: &Lender, id: &str, entry: &Entry) -> Result<Bytes, Trouble> {
        let limit = self.client.settings.bytes;
        if entry.size > limit {
            return Err(Trouble::TooLarge { size: entry.size, limit });
        }
        let content = self.client.media(lender, id).await?;
        let Some(checksum) = entry.version.strip_prefix(resource::MD5) else {
            self.unchanged(lender, id, entry).await?;
            return Ok(content);
        };
        let (content, found) = summed(content).await?;
        if found == checksum { Ok(content) } else { Err(Trouble::Changed) }
    }

    /// What Google makes of a document, if that is the one that was listed: asked when it has come, so that no change
    /// before it goes unnoticed.
    async fn export(&self, lender: &Lender, id: &str, mime: &str, entry: &Entry) -> Result<Bytes, Trouble> {
        let content = self.client.export(lender, id, mime).await?;
        self.unchanged(lender, id, entry).await?;
        Ok(content)
    }

    async fn unchanged(&self, lender: &Lender, id: &str, entry: &Entry) -> Result<(), Trouble> {
        let now = self.client.metadata(lender, id).await?;
        if now.version() == entry.version { Ok(()) } else { Err(Trouble::Changed) }
    }

    async fn read(&self, source: &Source, entry: &Entry) -> Result<Bytes, Trouble> {
        let (lender, _) = lent(source)?;
        let Located { kind, id } = Located::parse(&entry.locator)?;
        match kind {
            Kind::Blob => self.blob(&lender, id, entry).await,
            Kind::Exported(mime) => self.export(&lender, id, mime, entry).await,
            // It was refused when it was listed.
            Kind::Folder => {
                self.client.children(&lender, id, None, None).await?;
                Err(Trouble::Denied("nothing in this folder was read; it can be now: scan again".to_owned()))
            }
            Kind::Unreadable(what) => Err(Trouble::Unsupported(what)),
        }
    }
}

/// A content and its checksum, which takes a second for half a gigabyte.
async fn summed(content: Bytes) -> Result<(Bytes, String), Trouble> {
    let sum = move || {
        let sum = HEXLOWER.encode(&Md5::digest(&content));
        (content, sum)
    };
    let ended = |error: tokio::task::JoinError| Trouble::Port(PortError::Unavailable(error.to_string()));
    tokio::task::spawn_blocking(sum).await.map_err(ended)
}

fn lent(source: &Source) -> Result<(Lender, &str), PortError> {
    match source {
        Source::Drive { tenant, session, folder } if is_drive_id(folder) => {
            Ok((Lender { tenant: tenant.clone(), session: session.clone() }, folder))
        }
        _ => Err(PortError::Broken("this is no Google Drive folder".to_owned())),
    }
}

#[async_trait]
impl FileSource for Drive {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let (lender, folder) = lent(source)?;
        let listing = listing::Listing::start(Arc::clone(&self.client), lender, folder).await?;
        Ok(Box::new(listing))
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        Ok(Box::new(self.read(source, entry).await?))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let (lender, _) = lent(source)?;
        let id = Located::parse(&entry.locator)?.id;
        match self.client.metadata(&lender, id).await {
            Ok(found) if found.trashed => Ok(None),
            Ok(found) => Ok(Some(found.entry(entry.name.clone())?)),
            Err(Trouble::Missing) => Ok(None),
            // It is there, and reading it says what is wrong.
            Err(Trouble::Denied(_)) => Ok(Some(entry.clone())),
            Err(trouble) => Err(trouble.into()),
        }
    }

    fn identity(&self, source: &Source, entry: &Entry) -> String {
        let tenant = match source {
            Source::Drive { tenant, .. } => tenant.as_str(),
            _ => "",
        };
        format!("drive\0{tenant}\0{}", entry.locator)
    }
}

impl From<Trouble> for ReadError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::TokenExpired | Trouble::Token(_) => Self::TokenExpired,
            Trouble::Missing => Self::Missing,
            Trouble::Changed => Self::Changed,
            Trouble::Denied(why) => Self::Denied(why),
            Trouble::TooLarge { size, limit } => Self::TooLarge { size, limit },
            Trouble::TooLargeToExport => Self::TooLargeToExport(
                "Google exports documents of up to 10 MB, and this one is larger: in Google Drive download it as a \
                 Word, Excel, PowerPoint or PDF file, and put that into the folder"
                    .to_owned(),
            ),
            Trouble::Unsupported(why) => Self::Unsupported(why),
            Trouble::Port(error) => Self::Port(error),
        }
    }
}

impl From<Trouble> for SourceError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::TokenExpired => Self::TokenExpired,
            Trouble::Token(why) => Self::Refused(format!("Google Drive cannot be read: {why}")),
            Trouble::Missing => Self::Refused(
                "there is no such Google Drive folder, or whoever lent the access token may not see it"
                    .to_owned(),
            ),
            Trouble::Port(error) => Self::Port(error),
            other => Self::Refused(format!("the Google Drive folder cannot be listed: {other}")),
        }
    }
}

impl From<PortError> for Trouble {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}
