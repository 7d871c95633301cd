//! The inbox of statements: files among the uploads of the state folder, and a notification for each one that has
//! arrived.
//!
//! An expected file is in the database before it can arrive. So if the process ends before it has published a file's
//! arrival, the next start publishes it.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use riffle_contracts::{BucketEntity, BucketName, BucketNotification, BucketObject, BucketRecord};
use riffle_ports::{
    Announced, Fetched, Head, Ids, Inbox, ObjectRef, PortError, PostForm, UploadStorage, is_key,
};
use riffle_topology::statements::{PREFIX, UPLOADS};
use sha2::{Digest, Sha256};

use crate::Store;
use crate::database::{WorkContext, WorkError};
use crate::file_read;
use crate::folder_walk::version;
use crate::inbox_rows::{self as rows, InboxRow};
use crate::objects::elsewhere;
use crate::queue_rows;
use crate::queues::LocalQueues;
use crate::uploads::{LocalUploads, Receiving, UploadRefusal, etag};

/// The name of the bucket of uploads on this machine.
pub const BUCKET: &str = "uploads";
/// A form not used for this long will not be used any more: it was valid for an hour.
const FORM_LIFE: TimeDelta = TimeDelta::days(1);
/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// The inbox in the state folder. A file that is sent again under its key replaces the earlier one.
#[derive(Debug, Clone)]
pub struct LocalInbox {
    queues: LocalQueues,
    uploads: LocalUploads,
    ids: Arc<dyn Ids>,
    /// Whether the database is new but files of an old one exist.
    orphans: bool,
}

/// A file of this machine to be put into the inbox.
#[derive(Debug, Clone)]
pub struct Deposit {
    /// The key to store it under. An existing file there is replaced.
    pub key: String,
    /// An absolute path.
    pub path: PathBuf,
    /// The owner's name for it.
    pub name: Option<String>,
    pub account: Option<String>,
    /// The most bytes it may have.
    pub most: u64,
}

/// The result of a deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deposited {
    Placed(ObjectRef),
    /// The same content of the same file was deposited before.
    Before,
}

/// The reason why a file of this machine is not in the inbox.
#[derive(Debug, thiserror::Error)]
pub enum DepositError {
    #[error("it cannot be read: {0}")]
    Read(io::Error),
    #[error("it changed while it was read")]
    Changed,
    #[error("it has {size} bytes; the limit is {most} bytes: split it, for example by year")]
    TooLarge { size: u64, most: u64 },
    #[error("it cannot be stored: {0}")]
    Store(#[from] UploadRefusal),
}

impl From<PortError> for DepositError {
    fn from(error: PortError) -> Self {
        Self::Store(error.into())
    }
}

impl LocalInbox {
    /// Creates an inbox on the open `store` and its uploads.
    pub fn new(store: &Store, uploads: LocalUploads, ids: Arc<dyn Ids>) -> Self {
        Self { queues: store.queues(), uploads, ids, orphans: store.lost().is_some() }
    }

    /// Publishes the files that arrived before the last process ended, and forgets expected files of this machine that
    /// can no longer arrive. Returns the number of published files. Must be called once, before anything else.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn recover(&self) -> Result<u64, PortError> {
        if self.orphans {
            self.expect_orphans().await?;
        }
        let expected = self.queues.database().call(|work| rows::pending(work)).await?;
        let mut published = 0;
        for (key, row) in expected {
            if self.path(&key)?.is_file() {
                self.arrived(&key).await?;
                published += 1;
            } else if row.origin.is_some() {
                self.forget(key, row).await?;
            }
        }
        self.tidy().await?;
        Ok(published)
    }

    /// Forgets announced files that did not arrive in time, and removes parts of incomplete files. Must be called from
    /// time to time.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn tidy(&self) -> Result<(), PortError> {
        for (key, row) in self.queues.database().call(|work| rows::pending(work)).await? {
            if row.announced_at + FORM_LIFE < self.queues.now() && !self.path(&key)?.is_file() {
                self.forget(key, row).await?;
            }
        }
        let uploads = self.uploads.clone();
        elsewhere(move || uploads.expire()).await?
    }

    async fn forget(&self, key: String, seen: InboxRow) -> Result<(), PortError> {
        let forget = move |work: &WorkContext<'_>| work.erasing(|| rows::remove(work, &key, &seen));
        self.queues.database().call(forget).await
    }

    /// Expects the files that the database no longer knows. Their names are lost with it.
    async fn expect_orphans(&self) -> Result<(), PortError> {
        let uploads = self.uploads.clone();
        let keys = elsewhere(move || uploads.keys(PREFIX.trim_end_matches('/'))).await??;
        let row = InboxRow {
            name: None,
            account: None,
            origin: None,
            stamp: None,
            digest: None,
            announced_at: self.queues.now(),
            etag: None,
        };
        let expected = self.queues.database().call(move |work| {
            for key in keys {
                if rows::get(work, &key)?.is_none() {
                    rows::expect(work, &key, &row)?;
                }
            }
            Ok(())
        });
        expected.await
    }

    /// Moves a received file to its place, publishes its arrival if a flow listens to its key, and returns its `ETag`,
    /// without quotes. The file is then on the disk, and so is the record of its arrival.
    ///
    /// # Errors
    /// The file is incomplete, or is no longer expected.
    pub async fn finish(&self, receiving: Receiving) -> Result<String, UploadRefusal> {
        let listened_to = |key: &&str| self.queues.topology().bucket_listener(key).is_some();
        let (announced, now) = (receiving.key().filter(listened_to).map(str::to_owned), self.queues.now());
        if let Some(key) = announced.clone()
            && !self.queues.database().call(move |work| rows::expect_again(work, &key, now)).await?
        {
            return Err(UploadRefusal::NotPermitted);
        }
        let etag = elsewhere(move || receiving.finish()).await??;
        if let Some(key) = announced {
            self.arrived(&key).await?;
            self.queues.database().sync().await?;
        }
        Ok(etag)
    }

    /// Returns the last deposit of the file at `path`, if the file has not changed since and the deposit is not
    /// deleted.
    ///
    /// # Errors
    /// The errors of every call to the database, and [`PortError::Unavailable`] if there is no such file.
    pub async fn deposited(&self, path: &Path) -> Result<Option<ObjectRef>, PortError> {
        let row = self.known(path).await?;
        Ok(row.and_then(|(key, row)| Some(object(&key, row.etag?))))
    }

    /// Returns whether this state of the file at `path` was deposited, even if the deposit was deleted.
    ///
    /// # Errors
    /// As [`Self::deposited`].
    pub async fn knows(&self, path: &Path) -> Result<bool, PortError> {
        Ok(self.known(path).await?.is_some())
    }

    async fn known(&self, path: &Path) -> Result<Option<(String, InboxRow)>, PortError> {
        let metadata = fs::metadata(path)
            .map_err(|error| PortError::Unavailable(format!("{}: {error}", path.display())))?;
        let (origin, stamp) = (origin(path), version(&metadata));
        self.queues.database().call(move |work| rows::of_origin(work, &origin, &stamp)).await
    }

    /// Puts a file of this machine into the inbox. With `once`, content that was deposited before is not stored again;
    /// a changed file is stored in addition to its earlier content.
    ///
    /// # Errors
    /// See [`DepositError`].
    pub async fn deposit(&self, deposit: &Deposit, once: bool) -> Result<Deposited, DepositError> {
        let (uploads, path, at) = (self.uploads.clone(), deposit.path.clone(), storage_key(&deposit.key));
        let most = deposit.most;
        let Copied { receiving, stamp, digest } =
            elsewhere(move || copy(&uploads, &path, &at, most)).await??;
        let row = InboxRow {
            name: deposit.name.clone(),
            account: deposit.account.clone(),
            origin: Some(origin(&deposit.path)),
            stamp: Some(stamp),
            digest: Some(digest),
            announced_at: self.queues.now(),
            etag: None,
        };
        let at = deposit.key.clone();
        let expected = self.queues.database().call(move |work| {
            let before = once && rows::renew(work, &row)?;
            if !before {
                rows::expect(work, &at, &row)?;
            }
            Ok(!before)
        });
        if !expected.await? {
            return Ok(Deposited::Before);
        }
        let etag = elsewhere(move || receiving.finish()).await??;
        self.arrived(&deposit.key).await?;
        Ok(Deposited::Placed(object(&deposit.key, etag)))
    }

    /// Returns a new key of the tenant. It contains nothing of the file, because keys are passed around.
    pub fn fresh_key(&self, tenant: &str) -> String {
        format!("{PREFIX}{tenant}/{}", self.ids.fresh())
    }

    fn path(&self, key: &str) -> Result<PathBuf, PortError> {
        self.uploads.path(&storage_key(key))
    }

    /// Records the file under `key`, and publishes its arrival: both or neither.
    async fn arrived(&self, key: &str) -> Result<(), PortError> {
        let metadata = fs::metadata(self.path(key)?).map_err(|error| failed(&error))?;
        let (size, etag, now) = (metadata.len(), etag(&metadata), self.queues.now());
        let queue = self.queues.topology().bucket_listener(key).map_or(UPLOADS, |taker| taker.queue.name);
        let key = key.to_owned();
        self.queues
            .change(move |work, woken| {
                rows::arrived(work, &key, &etag)?;
                queue_rows::deliver(work, queue, tenant(&key), &notification(&key, size, &etag)?, now, woken)
            })
            .await
    }

    /// Returns the row of this version, and the path of its file.
    async fn find(&self, object: &ObjectRef) -> Result<Option<(InboxRow, PathBuf, fs::Metadata)>, PortError> {
        if object.bucket != BUCKET || object.version.is_some() {
            return Ok(None);
        }
        let Ok(path) = self.path(&object.key) else { return Ok(None) };
        let key = object.key.clone();
        let Some(row) = self.queues.database().call(move |work| rows::get(work, &key)).await? else {
            return Ok(None);
        };
        match fs::metadata(&path) {
            Ok(metadata) if etag(&metadata) == object.etag => Ok(Some((row, path, metadata))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }
}

#[async_trait]
impl Inbox for LocalInbox {
    async fn form(&self, upload: &Announced) -> Result<PostForm, PortError> {
        let key = self.fresh_key(&upload.tenant);
        let form = self.uploads.form(&key, upload.size).await?;
        let row = InboxRow {
            name: Some(upload.name.clone()),
            account: upload.account.clone(),
            origin: None,
            stamp: None,
            digest: None,
            announced_at: self.queues.now(),
            etag: None,
        };
        self.queues.database().call(move |work| rows::expect(work, &key, &row)).await?;
        Ok(form)
    }

    async fn head(&self, object: &ObjectRef) -> Result<Option<Head>, PortError> {
        Ok(self.find(object).await?.map(|(row, _, metadata)| Head {
            size: metadata.len(),
            content_type: None,
            name: row.name,
            account: row.account,
            tags: std::collections::BTreeMap::new(),
        }))
    }

    async fn fetch(&self, object: &ObjectRef) -> Result<Option<Fetched>, PortError> {
        let Some((_, path, _)) = self.find(object).await? else { return Ok(None) };
        let wanted = object.etag.clone();
        Ok(Some(Fetched::new(move || {
            let file = File::open(&path)?;
            if etag(&file.metadata()?) != wanted {
                return Err(io::Error::other("the uploaded file was replaced"));
            }
            Ok(Box::new(file))
        })))
    }

    async fn delete(&self, object: &ObjectRef) -> Result<(), PortError> {
        if let Some((_, path, _)) = self.find(object).await? {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&error)),
                _ => {}
            }
        }
        // Also if the file is gone: an earlier attempt may have crashed right after it removed the file.
        let ObjectRef { key, etag, .. } = object.clone();
        let forget = move |work: &WorkContext<'_>| {
            if rows::is_settled(work, &key, &etag)? {
                work.erasing(|| rows::forget(work, &key))
            } else {
                Ok(())
            }
        };
        self.queues.database().call(forget).await
    }
}

/// A copy of a file that is not in its final place yet.
struct Copied {
    receiving: Receiving,
    stamp: String,
    digest: Vec<u8>,
}

fn copy(uploads: &LocalUploads, path: &Path, key: &str, most: u64) -> Result<Copied, DepositError> {
    let mut file = file_read::open(path).map_err(DepositError::Read)?;
    let before = file.metadata().map_err(DepositError::Read)?;
    if !before.is_file() {
        return Err(DepositError::Read(io::Error::other("it is not a file")));
    }
    if before.len() > most {
        return Err(DepositError::TooLarge { size: before.len(), most });
    }
    let mut receiving = uploads.begin_file(key, before.len())?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    loop {
        let read = file.read(&mut piece).map_err(DepositError::Read)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        receiving.write(&piece[..read]).map_err(|refused| match refused {
            UploadRefusal::Size(_) => DepositError::Changed,
            other => other.into(),
        })?;
    }
    let after = fs::metadata(path).map_err(DepositError::Read)?;
    if version(&after) != version(&before) {
        return Err(DepositError::Changed);
    }
    Ok(Copied { receiving, stamp: version(&before), digest: hash.finalize().to_vec() })
}

/// Returns a digest of the path, because a file's name may identify a person.
fn origin(path: &Path) -> Vec<u8> {
    Sha256::digest(path.as_os_str().as_bytes())[..16].to_vec()
}

fn object(key: &str, etag: String) -> ObjectRef {
    ObjectRef { bucket: BUCKET.to_owned(), key: key.to_owned(), version: None, etag }
}

/// Returns the tenant of a key that a flow listens to: `PREFIX/TENANT/…`.
fn tenant(key: &str) -> &str {
    key.split('/').nth(1).unwrap_or_default()
}

/// Programs may choose keys that are not valid on a file system.
fn storage_key(key: &str) -> String {
    if is_key(key) {
        return key.to_owned();
    }
    format!("{PREFIX}odd/{}", HEXLOWER.encode(&Sha256::digest(key)))
}

/// Returns the notification as S3 sends it, with the key encoded as in a form.
fn notification(key: &str, size: u64, etag: &str) -> Result<String, WorkError> {
    let object =
        BucketObject { key: BucketObject::encoded_key(key), size, etag: etag.to_owned(), version: None };
    let s3 = BucketEntity { bucket: BucketName { name: BUCKET.to_owned() }, object };
    let record = BucketRecord { event_name: "ObjectCreated:Post".to_owned(), s3 };
    let notification = BucketNotification { records: vec![record], event: None };
    serde_json::to_string(&notification).map_err(|error| WorkError::Unreadable(error.to_string()))
}

fn failed(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("an uploaded file: {error}"))
}
