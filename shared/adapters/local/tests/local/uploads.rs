//! The storage of uploads: its contract, and the guarantees of this adapter only.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use riffle_local_adapters::{LocalUploads, Permit, UploadDestination, UploadRefusal};
use riffle_ports::{PostForm, UploadStorage};
use riffle_runtime::RandomIds;
use riffle_testkit::contract::{self, SenderHarness};
use riffle_testkit::memory::ManualClock;
use tempfile::TempDir;

use crate::Outcome;

struct Sender {
    uploads: LocalUploads,
    clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Sender {
    fn new() -> std::io::Result<Self> {
        let folder = TempDir::new()?;
        let clock = Arc::new(ManualClock::new());
        let uploads = LocalUploads::open(folder.path(), Arc::clone(&clock) as _, Arc::new(RandomIds))?;
        Ok(Self { uploads, clock, folder })
    }

    /// Sends content as the server receives it.
    fn send(&self, permit: &Permit, signature: &str, content: &[u8]) -> Result<String, UploadRefusal> {
        let mut receiving = self.uploads.receive(permit, signature)?;
        for piece in content.chunks(100_000) {
            receiving.write(piece)?;
        }
        receiving.finish()
    }

    fn part(url: &str) -> Option<(Permit, String)> {
        let (path, query) = url.strip_prefix("/storage/parts/")?.split_once('?')?;
        let (begun, number) = path.split_once('/')?;
        let value = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        let place = UploadDestination::Part { begun: begun.to_owned(), number: number.parse().ok()? };
        let permit =
            Permit { place, size: value("size")?.parse().ok()?, expires: value("expires")?.parse().ok()? };
        Some((permit, value("signature")?))
    }
}

#[async_trait]
impl SenderHarness for Sender {
    fn storage(&self) -> &dyn UploadStorage {
        &self.uploads
    }

    async fn post(&self, form: &PostForm, content: &[u8]) -> bool {
        let field = |name: &str| form.fields[name].clone();
        let (Ok(size), Ok(expires)) = (field("size").parse(), field("expires").parse()) else {
            return false;
        };
        let permit = Permit { place: UploadDestination::File { key: field("key") }, size, expires };
        self.send(&permit, &field("signature"), content).is_ok()
    }

    async fn put(&self, url: &str, content: &[u8]) -> Option<String> {
        let (permit, signature) = Self::part(url)?;
        self.send(&permit, &signature, content).ok()
    }

    async fn expire(&self) {
        self.clock.advance(TimeDelta::hours(2));
    }
}

#[tokio::test]
async fn the_contract() -> Outcome {
    let sender = Sender::new()?;
    contract::upload_storage(&sender, &RandomIds).await;
    // Once more on top of an earlier process's data.
    let uploads =
        LocalUploads::open(sender.folder.path(), Arc::clone(&sender.clock) as _, Arc::new(RandomIds))?;
    contract::upload_storage(&Sender { uploads, ..sender }, &RandomIds).await;
    Ok(())
}

/// A partly received file leaves nothing behind.
#[tokio::test]
async fn a_file_that_broke_off_takes_no_room() -> Outcome {
    let sender = Sender::new()?;
    let form = sender.uploads.form("a/b", 10).await?;
    let field = |name: &str| form.fields[name].clone();
    let permit = Permit {
        place: UploadDestination::File { key: field("key") },
        size: 10,
        expires: field("expires").parse()?,
    };
    let mut receiving = sender.uploads.receive(&permit, &field("signature"))?;
    receiving.write(b"12345")?;
    drop(receiving);
    assert_eq!(std::fs::read_dir(sender.folder.path().join("tmp"))?.count(), 0);
    assert_eq!(sender.uploads.received("a/b").await?, None);
    Ok(())
}

/// Parts of an incomplete upload are removed at the next start, once they are more than a day old.
#[tokio::test]
async fn parts_that_nobody_completes_go_away() -> Outcome {
    let sender = Sender::new()?;
    let begun = sender.uploads.begin("a/b").await?;
    let url = sender.uploads.part("a/b", &begun, 1, 3).await?;
    let etag = sender.put(&url, b"abc").await.ok_or("taken")?;
    let parts = sender.folder.path().join("uploads/parts").join(&begun);
    let now = std::time::SystemTime::from(riffle_ports::Clock::now(&*sender.clock));
    for (hours, there) in [(23, true), (25, false)] {
        let then = now - std::time::Duration::from_secs(hours * 3_600);
        std::fs::File::open(&parts)?.set_modified(then)?;
        drop(LocalUploads::open(sender.folder.path(), Arc::clone(&sender.clock) as _, Arc::new(RandomIds))?);
        assert_eq!(parts.exists(), there, "after {hours} hours");
    }
    let outcome = sender.uploads.complete("a/b", &begun, &[(1, etag)], 3).await?;
    assert!(matches!(outcome, riffle_ports::Completed::Refused(_)));
    Ok(())
}

/// Removing a folder also removes parts of incomplete files, and refuses a part that is still being received.
#[tokio::test]
async fn parts_go_with_the_folder_of_their_file() -> Outcome {
    let sender = Sender::new()?;
    let (storage, parts) = (&sender.uploads, sender.folder.path().join("uploads/parts"));
    let (begun, other) = (storage.begin("u/1/a").await?, storage.begin("u/10/a").await?);
    for (key, begun) in [("u/1/a", &begun), ("u/10/a", &other)] {
        let url = storage.part(key, begun, 1, 3).await?;
        assert!(sender.put(&url, b"abc").await.is_some());
    }
    let url = storage.part("u/1/a", &begun, 2, 3).await?;
    let (permit, signature) = Sender::part(&url).ok_or("a part's address")?;
    let mut on_its_way = storage.receive(&permit, &signature)?;
    on_its_way.write(b"def")?;
    storage.remove("u/1").await?;
    assert!(matches!(on_its_way.finish(), Err(UploadRefusal::Unknown)));
    assert!(sender.put(&url, b"def").await.is_none(), "a completed upload accepts no more parts");
    let left: Vec<_> = std::fs::read_dir(&parts)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    assert_eq!(left, [std::ffi::OsString::from(other)], "the parts of the other file are kept");
    Ok(())
}
