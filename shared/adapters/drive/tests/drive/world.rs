//! A double of Drive, a vault with a token for it, and the adapter between them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use riffle_drive_adapter::{Backoff, Drive, DriveSettings};
use riffle_drive_double::DriveDouble;
use riffle_ports::{Clock, Entry, FileSource, ReadError, SessionId, Source, SourceError, Token, TokenVault};
use riffle_testkit::memory::{ManualClock, MemoryTokens};

pub const TENANT: &str = "ann";
pub const TOKEN: &str = "ya29.canary-token";

pub struct World {
    pub google: DriveDouble,
    pub vault: Arc<MemoryTokens>,
    pub clock: Arc<ManualClock>,
    pub drive: Drive,
}

pub fn session() -> SessionId {
    SessionId("00112233445566778899aabbccddeeff".to_owned())
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut DriveSettings)) -> Self {
        let google = DriveDouble::start();
        google.accept(TOKEN);
        let clock = Arc::new(ManualClock::new());
        let vault = Arc::new(MemoryTokens::new(clock.clone()));
        let mut settings = DriveSettings {
            endpoint: google.endpoint(),
            backoff: Backoff { first: Duration::from_millis(2), tries: 4 },
            ..DriveSettings::default()
        };
        change(&mut settings);
        let drive = Drive::new(settings, vault.clone()).expect("an endpoint");
        let world = Self { google, vault, clock, drive };
        world.lend(TOKEN).await;
        world
    }

    pub async fn lend(&self, secret: &str) {
        let expires_at = self.clock.now() + TimeDelta::hours(1);
        let token = Token { secret: secret.to_owned(), expires_at };
        self.vault.put(TENANT, &session(), token).await.expect("the token is stored");
    }

    pub async fn list(&self, folder: &str) -> Result<Vec<Entry>, SourceError> {
        let mut pages = self.drive.list(&source(folder)).await?;
        let mut entries = Vec::new();
        while let Some(page) = pages.next().await? {
            entries.extend(page);
        }
        Ok(entries)
    }

    pub async fn names(&self, folder: &str) -> Vec<String> {
        self.list(folder).await.expect("a listing").into_iter().map(|entry| entry.name).collect()
    }

    pub async fn open(&self, entry: &Entry) -> Result<Bytes, ReadError> {
        let opened = self.drive.open(&source("root"), entry).await?;
        riffle_ports::read_all(&*opened)
    }

    /// Returns the only entry of My Drive.
    pub async fn only(&self) -> Entry {
        let [entry] = &self.list("root").await.expect("a listing")[..] else { panic!("one file") };
        entry.clone()
    }
}

pub fn source(folder: &str) -> Source {
    Source::Drive { tenant: TENANT.to_owned(), session: session(), folder: folder.to_owned() }
}
