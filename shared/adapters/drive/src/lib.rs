//! Google Drive as a file source: reads folders through the REST interface, version 3, with the access token lent to a
//! session.
//!
//! Invariants:
//! - **One host.** Every address is the configured endpoint plus a validated id, and no redirect is followed. So no
//!   file, name or answer can direct a request, or the token, to another host.
//! - **The token is only in the vault and in the header of a request.** It is in no error, log or `Debug` output.
//! - **Nothing is left out silently.** An item of a folder that cannot be listed or read is still an entry; reading it
//!   returns the reason.
//! - **A file is read as it was listed.** Its version is the checksum of its content, which is compared with the
//!   downloaded bytes.
//!
//! This crate contains no logic about scans. TLS is rustls with only the system's roots, which `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` can replace.

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

use client::DriveClient;
use error::DriveError;
use kind::{DriveKind, Located};
use token_source::Lender;

/// Returns a builder of HTTP clients whose TLS is rustls with ring.
pub fn http() -> reqwest::ClientBuilder {
    // An error means that this process has already installed a provider.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
}

/// The address of Google Drive.
pub const ENDPOINT: &str = "https://www.googleapis.com";

/// Settings that may differ between deployments, and in tests.
#[derive(Debug, Clone)]
pub struct DriveSettings {
    /// Scheme and host. Plain HTTP is allowed only to this machine.
    pub endpoint: String,
    /// Size limit in bytes; larger files are refused. A file being read is in memory whole.
    pub bytes: u64,
    /// The limits of one listing: files, folders, and folder depth below the listed folder.
    pub files: usize,
    pub folders: usize,
    pub depth: usize,
    pub backoff: Backoff,
}

impl Default for DriveSettings {
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
    client: Arc<DriveClient>,
}

impl std::fmt::Debug for Drive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drive").finish_non_exhaustive()
    }
}

impl Drive {
    /// Creates a client of the endpoint in `settings`.
    ///
    /// # Errors
    /// If the endpoint is invalid. The text says why.
    pub fn new(settings: DriveSettings, vault: Arc<dyn TokenVault>) -> Result<Self, String> {
        Ok(Self { client: Arc::new(DriveClient::new(settings, vault)?) })
    }

    /// Downloads a file that has bytes of its own.
    async fn blob(&self, lender: &Lender, id: &str, entry: &Entry) -> Result<Bytes, DriveError> {
        let limit = self.client.settings.bytes;
        if entry.size > limit {
            return Err(DriveError::TooLarge { size: entry.size, limit });
        }
        let content = self.client.media(lender, id).await?;
        let Some(checksum) = entry.version.strip_prefix(resource::MD5) else {
            self.unchanged(lender, id, entry).await?;
            return Ok(content);
        };
        let (content, found) = summed(content).await?;
        if found == checksum { Ok(content) } else { Err(DriveError::Changed) }
    }

    /// Exports a Google document if it is still the listed version. The version is checked after the export has
    /// arrived, so that no change before that goes unnoticed.
    async fn export(
        &self,
        lender: &Lender,
        id: &str,
        mime: &str,
        entry: &Entry,
    ) -> Result<Bytes, DriveError> {
        let content = self.client.export(lender, id, mime).await?;
        self.unchanged(lender, id, entry).await?;
        Ok(content)
    }

    async fn unchanged(&self, lender: &Lender, id: &str, entry: &Entry) -> Result<(), DriveError> {
        let now = self.client.metadata(lender, id).await?;
        if now.version() == entry.version { Ok(()) } else { Err(DriveError::Changed) }
    }

    async fn read(&self, source: &Source, entry: &Entry) -> Result<Bytes, DriveError> {
        let (lender, _) = drive_folder(source)?;
        let Located { kind, id } = Located::parse(&entry.locator)?;
        match kind {
            DriveKind::Blob => self.blob(&lender, id, entry).await,
            DriveKind::Exported(mime) => self.export(&lender, id, mime, entry).await,
            // The folder was refused when it was listed.
            DriveKind::Folder => {
                self.client.children(&lender, id, None, None).await?;
                Err(DriveError::Denied(
                    "nothing in this folder was read, but it is readable now: scan again".to_owned(),
                ))
            }
            DriveKind::Unreadable(what) => Err(DriveError::Unsupported(what)),
        }
    }
}

/// Returns the content with its MD5 checksum. Runs on a blocking thread, because half a gigabyte takes a second.
async fn summed(content: Bytes) -> Result<(Bytes, String), DriveError> {
    let sum = move || {
        let sum = HEXLOWER.encode(&Md5::digest(&content));
        (content, sum)
    };
    let ended = |error: tokio::task::JoinError| DriveError::Port(PortError::Unavailable(error.to_string()));
    tokio::task::spawn_blocking(sum).await.map_err(ended)
}

fn drive_folder(source: &Source) -> Result<(Lender, &str), PortError> {
    match source {
        Source::Drive { tenant, session, folder } if is_drive_id(folder) => {
            Ok((Lender { tenant: tenant.clone(), session: session.clone() }, folder))
        }
        _ => Err(PortError::Broken("this is not a Google Drive folder".to_owned())),
    }
}

#[async_trait]
impl FileSource for Drive {
    async fn list(&self, source: &Source) -> Result<Box<dyn Pages>, SourceError> {
        let (lender, folder) = drive_folder(source)?;
        let listing = listing::DriveListing::start(Arc::clone(&self.client), lender, folder).await?;
        Ok(Box::new(listing))
    }

    async fn open(&self, source: &Source, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        Ok(Box::new(self.read(source, entry).await?))
    }

    async fn find(&self, source: &Source, entry: &Entry) -> Result<Option<Entry>, SourceError> {
        let (lender, _) = drive_folder(source)?;
        let id = Located::parse(&entry.locator)?.id;
        match self.client.metadata(&lender, id).await {
            Ok(found) if found.trashed => Ok(None),
            Ok(found) => Ok(Some(found.entry(entry.name.clone())?)),
            Err(DriveError::Missing) => Ok(None),
            // The file exists; reading it returns the reason.
            Err(DriveError::Denied(_)) => Ok(Some(entry.clone())),
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

impl From<DriveError> for ReadError {
    fn from(trouble: DriveError) -> Self {
        match trouble {
            DriveError::TokenExpired | DriveError::Token(_) => Self::TokenExpired,
            DriveError::Missing => Self::Missing,
            DriveError::Changed => Self::Changed,
            DriveError::Denied(why) => Self::Denied(why),
            DriveError::TooLarge { size, limit } => Self::TooLarge { size, limit },
            DriveError::TooLargeToExport => Self::TooLargeToExport(
                "Google exports documents of up to 10 MB, and this one is larger: download it in Google \
                 Drive as a Word, Excel, PowerPoint or PDF file, and put that file into the folder"
                    .to_owned(),
            ),
            DriveError::Unsupported(why) => Self::Unsupported(why),
            DriveError::Port(error) => Self::Port(error),
        }
    }
}

impl From<DriveError> for SourceError {
    fn from(trouble: DriveError) -> Self {
        match trouble {
            DriveError::TokenExpired => Self::TokenExpired,
            DriveError::Token(why) => Self::Refused(format!("Google Drive cannot be read: {why}")),
            DriveError::Missing => Self::Refused(
                "this Google Drive folder does not exist, or the owner of the access token has no access to \
                 it"
                .to_owned(),
            ),
            DriveError::Port(error) => Self::Port(error),
            other => Self::Refused(format!("the Google Drive folder cannot be listed: {other}")),
        }
    }
}

impl From<PortError> for DriveError {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}
