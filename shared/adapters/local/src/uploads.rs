//! Uploaded files on this machine: signed addresses of the local server, and one file for each received upload.
//!
//! ```text
//! DIR/uploads/secret           the key that signs addresses
//! DIR/uploads/files/…          received files, by key
//! DIR/uploads/parts/ID/N       parts of files that are not complete yet
//! ```

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use riffle_ports::{
    Clock, Completed, Entry, Ids, Opened, PortError, PostForm, ReadError, ReceivedFile, UploadStorage,
};
use sha2::Sha256;

use crate::file_read::LocalFile;
use crate::folder_walk::version;
use crate::folders::READ_LIMIT;
use crate::object_path::{collect, folder_of, path_of};
use crate::objects::elsewhere;
use crate::store::{private_dir, private_file};

/// How long a signed address is valid.
const LIFE: Duration = Duration::from_hours(1);
/// Parts of uploads that were never completed are removed after this time.
const PARTS_LIFE: Duration = Duration::from_hours(24);
/// The file next to the parts that holds the key of the complete file.
const KEY: &str = "key";

/// The uploads in a state folder.
#[derive(Clone)]
pub struct LocalUploads {
    folders: Arc<UploadFolders>,
    secret: Arc<[u8]>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
}

#[derive(Debug)]
struct UploadFolders {
    files: PathBuf,
    parts: PathBuf,
    /// On the same file system as `files`; emptied on opening.
    tmp: PathBuf,
    next_tmp: AtomicU64,
}

/// The contents of a signed address: permission to send `size` bytes to `place`, until `expires`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    pub place: UploadDestination,
    /// The exact number of bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub expires: i64,
}

/// The target of the bytes sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadDestination {
    File { key: String },
    Part { begun: String, number: u32 },
}

/// The reason why an upload is refused.
#[derive(Debug, thiserror::Error)]
pub enum UploadRefusal {
    #[error("this address is invalid or has expired: declare the file again for a new one")]
    NotPermitted,
    #[error("the file does not have the declared size: {0} bytes are expected")]
    Size(u64),
    /// The upload in parts was begun but has been abandoned since.
    #[error("this file is no longer being sent in parts: declare it in a new upload")]
    Unknown,
    #[error("it could not be written: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A file being received. If it is dropped before [`Receiving::finish`], its bytes are removed.
#[derive(Debug)]
pub struct Receiving {
    file: File,
    tmp: PathBuf,
    target: PathBuf,
    /// Set for a whole file.
    key: Option<String>,
    size: u64,
    received: u64,
    placed: bool,
}

impl LocalUploads {
    /// Opens the uploads below the state folder `dir`. [`Store::open`](crate::Store::open) empties its `tmp`. Removes
    /// expired parts of incomplete uploads.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> io::Result<Self> {
        let root = dir.join("uploads");
        let folders = UploadFolders {
            files: root.join("files"),
            parts: root.join("parts"),
            tmp: dir.join("tmp"),
            next_tmp: AtomicU64::new(0),
        };
        for folder in [&root, &folders.files, &folders.parts, &folders.tmp] {
            private_dir(folder)?;
        }
        let secret = secret(&root.join("secret"))?;
        folders.expire(clock.now().into())?;
        Ok(Self { folders: Arc::new(folders), secret: secret.into(), clock, ids })
    }

    fn permit(&self, place: UploadDestination, size: u64) -> Permit {
        Permit { place, size, expires: (self.clock.now() + LIFE).timestamp() }
    }

    fn mac(&self, permit: &Permit) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).expect("a key of any length");
        // Keys and ids contain no line breaks.
        let text = match &permit.place {
            UploadDestination::File { key } => format!("file\n{key}"),
            UploadDestination::Part { begun, number } => format!("part\n{begun}\n{number}"),
        };
        mac.update(format!("{text}\n{}\n{}", permit.size, permit.expires).as_bytes());
        mac
    }

    fn signature(&self, permit: &Permit) -> String {
        HEXLOWER.encode(&self.mac(permit).finalize().into_bytes())
    }

    /// Begins to receive the upload that `permit` allows, if `signature` is valid and the permit has not expired.
    ///
    /// # Errors
    /// The signature or the permit is invalid, or the file cannot be created.
    pub fn receive(&self, permit: &Permit, signature: &str) -> Result<Receiving, UploadRefusal> {
        let given = HEXLOWER.decode(signature.as_bytes()).map_err(|_| UploadRefusal::NotPermitted)?;
        // In constant time.
        self.mac(permit).verify_slice(&given).map_err(|_| UploadRefusal::NotPermitted)?;
        if self.clock.now().timestamp() > permit.expires {
            return Err(UploadRefusal::NotPermitted);
        }
        let mut whole = None;
        let target = match &permit.place {
            UploadDestination::File { key } => {
                whole = Some(key.clone());
                self.folders.file(key).map_err(|_| UploadRefusal::NotPermitted)?
            }
            UploadDestination::Part { begun, number } => {
                let parts = self.folders.begun(begun).ok_or(UploadRefusal::NotPermitted)?;
                if !parts.is_dir() {
                    return Err(UploadRefusal::Unknown);
                }
                parts.join(number.to_string())
            }
        };
        Ok(self.folders.receiving(target, whole, permit.size)?)
    }

    /// Begins to receive a file of this machine.
    pub(crate) fn begin_file(&self, key: &str, size: u64) -> Result<Receiving, UploadRefusal> {
        let target = self.folders.file(key).map_err(|_| UploadRefusal::NotPermitted)?;
        Ok(self.folders.receiving(target, Some(key.to_owned()), size)?)
    }

    /// Returns the keys of the files below `folder`.
    pub(crate) fn keys(&self, folder: &str) -> Result<Vec<String>, PortError> {
        let mut keys = Vec::new();
        collect(&self.folders.files.join(folder_of(folder)?), &format!("{folder}/"), &mut keys)
            .map_err(|error| failed(&error))?;
        Ok(keys)
    }

    /// Removes expired parts of incomplete uploads.
    pub(crate) fn expire(&self) -> Result<(), PortError> {
        self.folders.expire(self.clock.now().into()).map_err(|error| failed(&error))
    }

    /// Returns the path of the file under `key`.
    pub(crate) fn path(&self, key: &str) -> Result<PathBuf, PortError> {
        self.folders.file(key)
    }
}

impl Receiving {
    /// Returns the key of the target, if it is a whole file.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// There are more bytes than were declared.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadRefusal> {
        self.received += bytes.len() as u64;
        if self.received > self.size {
            return Err(UploadRefusal::Size(self.size));
        }
        Ok(self.file.write_all(bytes)?)
    }

    /// Moves the file to its place, and returns its `ETag`, without quotes.
    ///
    /// # Errors
    /// The file is incomplete.
    pub fn finish(mut self) -> Result<String, UploadRefusal> {
        if self.received != self.size {
            return Err(UploadRefusal::Size(self.size));
        }
        let etag = etag(&self.file.metadata()?);
        match &self.key {
            Some(_) => place(&self.file, &self.tmp, &self.target)?,
            // If the upload was removed meanwhile, do not recreate its folder for this part.
            None => place_part(&self.file, &self.tmp, &self.target)?,
        }
        self.placed = true;
        Ok(etag)
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if !self.placed
            && let Err(error) = fs::remove_file(&self.tmp)
        {
            tracing::warn!(%error, "the received data of a file stays until the next start");
        }
    }
}

impl UploadFolders {
    fn file(&self, key: &str) -> Result<PathBuf, PortError> {
        Ok(self.files.join(path_of(key)?))
    }

    fn received(&self, key: &str) -> Result<Option<ReceivedFile>, PortError> {
        match fs::metadata(self.file(key)?) {
            Ok(metadata) => Ok(Some(ReceivedFile { size: metadata.len(), version: version(&metadata) })),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Returns the folder of a file's parts; `None` if the id is invalid.
    fn begun(&self, begun: &str) -> Option<PathBuf> {
        let ours = begun.len() == 32 && begun.bytes().all(|byte| byte.is_ascii_hexdigit());
        ours.then(|| self.parts.join(begun))
    }

    fn receiving(&self, target: PathBuf, key: Option<String>, size: u64) -> io::Result<Receiving> {
        let tmp = self.fresh();
        let file = File::create_new(&tmp)?;
        Ok(Receiving { file, tmp, target, key, size, received: 0, placed: false })
    }

    fn fresh(&self) -> PathBuf {
        // Objects being written have plain numbers; the prefix keeps these apart.
        self.tmp.join(format!("upload-{}", self.next_tmp.fetch_add(1, Ordering::Relaxed)))
    }

    fn expire(&self, now: SystemTime) -> io::Result<()> {
        for entry in fs::read_dir(&self.parts)? {
            let folder = entry?.path();
            // A folder that was removed meanwhile has no age.
            let old = fs::metadata(&folder)
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|since| now.duration_since(since).is_ok_and(|age| age > PARTS_LIFE));
            if old {
                if_there(fs::remove_dir_all(folder))?;
            }
        }
        Ok(())
    }

    /// Removes the parts of files whose keys begin with `below`.
    fn remove_parts(&self, below: &str) -> io::Result<()> {
        for entry in fs::read_dir(&self.parts)? {
            let folder = entry?.path();
            if fs::read_to_string(folder.join(KEY)).is_ok_and(|key| key.starts_with(below)) {
                if_there(fs::remove_dir_all(folder))?;
            }
        }
        Ok(())
    }

    fn join(
        &self,
        key: &str,
        begun: &str,
        parts: &[(u32, String)],
        size: u64,
    ) -> Result<Completed, PortError> {
        let refused = |text: String| Ok(Completed::Refused(text));
        let Some(folder) = self.begun(begun).filter(|folder| folder.is_dir()) else {
            return refused("This file is no longer being sent in parts.".to_owned());
        };
        let mut files = Vec::with_capacity(parts.len());
        let mut sum = 0;
        for (place, (number, wanted)) in parts.iter().enumerate() {
            if *number as usize != place + 1 {
                return refused("List all parts, each once, in order.".to_owned());
            }
            let found =
                File::open(folder.join(number.to_string())).and_then(|file| Ok((file.metadata()?, file)));
            match found {
                Ok((metadata, file)) if etag(&metadata) == wanted.trim_matches('"') => {
                    sum += metadata.len();
                    files.push(file);
                }
                Ok(_) => return refused(format!("Part {number} has a different ETag: send it again.")),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return refused(format!("Part {number} was not received: send it."));
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        if sum != size {
            return refused(format!("The parts have {sum} bytes in total, but {size} were declared."));
        }
        let target = self.file(key)?;
        let tmp = self.fresh();
        let joined = File::create_new(&tmp).and_then(|mut whole| {
            files.into_iter().try_for_each(|mut part| io::copy(&mut part, &mut whole).map(drop))?;
            place(&whole, &tmp, &target)
        });
        if let Err(error) = joined {
            if let Err(left) = fs::remove_file(&tmp) {
                tracing::warn!(%left, "the joined data of a file stays until the next start");
            }
            return Err(failed(&error));
        }
        if_there(fs::remove_dir_all(folder)).map_err(|error| failed(&error))?;
        Ok(Completed::Done)
    }
}

#[async_trait]
impl UploadStorage for LocalUploads {
    async fn form(&self, key: &str, size: u64) -> Result<PostForm, PortError> {
        path_of(key)?;
        let permit = self.permit(UploadDestination::File { key: key.to_owned() }, size);
        let fields = BTreeMap::from([
            ("key".to_owned(), key.to_owned()),
            ("size".to_owned(), size.to_string()),
            ("expires".to_owned(), permit.expires.to_string()),
            ("signature".to_owned(), self.signature(&permit)),
        ]);
        Ok(PostForm { url: "/storage/files".to_owned(), fields })
    }

    async fn begin(&self, key: &str) -> Result<String, PortError> {
        path_of(key)?;
        let begun = self.ids.fresh();
        let (tmp, folder) = (self.folders.fresh(), self.folders.parts.join(&begun));
        // The folder appears together with its key, or not at all.
        let made = private_dir(&tmp)
            .and_then(|()| fs::write(tmp.join(KEY), key))
            .and_then(|()| fs::rename(&tmp, &folder));
        made.map_err(|error| failed(&error))?;
        Ok(begun)
    }

    async fn part(&self, _key: &str, begun: &str, number: u32, size: u64) -> Result<String, PortError> {
        let permit = self.permit(UploadDestination::Part { begun: begun.to_owned(), number }, size);
        let (expires, signature) = (permit.expires, self.signature(&permit));
        Ok(format!("/storage/parts/{begun}/{number}?size={size}&expires={expires}&signature={signature}"))
    }

    async fn complete(
        &self,
        key: &str,
        begun: &str,
        parts: &[(u32, String)],
        size: u64,
    ) -> Result<Completed, PortError> {
        let (folders, key, begun) = (Arc::clone(&self.folders), key.to_owned(), begun.to_owned());
        let parts = parts.to_vec();
        elsewhere(move || folders.join(&key, &begun, &parts, size)).await?
    }

    async fn abort(&self, _key: &str, begun: &str) -> Result<(), PortError> {
        let Some(folder) = self.folders.begun(begun) else { return Ok(()) };
        if_there(fs::remove_dir_all(folder)).map_err(|error| failed(&error))
    }

    async fn received(&self, key: &str) -> Result<Option<ReceivedFile>, PortError> {
        self.folders.received(key)
    }

    async fn all_received(&self, folder: &str) -> Result<BTreeMap<String, ReceivedFile>, PortError> {
        let (uploads, folder) = (self.clone(), folder.to_owned());
        elsewhere(move || {
            let mut all = BTreeMap::new();
            for key in uploads.keys(&folder)? {
                // A file removed meanwhile is left out.
                if let Some(received) = uploads.folders.received(&key)? {
                    all.insert(key, received);
                }
            }
            Ok(all)
        })
        .await?
    }

    async fn remove(&self, folder: &str) -> Result<(), PortError> {
        let (folders, below) = (Arc::clone(&self.folders), format!("{folder}/"));
        let path = folders.files.join(folder_of(folder)?);
        let removed = elsewhere(move || {
            // Parts first: if a client completes a file during the removal, the next sweep removes that file.
            folders.remove_parts(&below)?;
            if_there(fs::remove_dir_all(path))
        });
        removed.await?.map_err(|error| failed(&error))
    }

    async fn open(&self, key: &str, entry: &Entry) -> Result<Box<dyn Opened>, ReadError> {
        let (path, entry) = (self.folders.file(key)?, entry.clone());
        let file = elsewhere(move || LocalFile::open(path, entry, READ_LIMIT)).await??;
        Ok(Box::new(file))
    }
}

impl std::fmt::Debug for LocalUploads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalUploads").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// Changes whenever a file is written; clients must not interpret it.
pub(crate) fn etag(metadata: &fs::Metadata) -> String {
    version(metadata)
}

/// Ignores that a file or folder is already gone.
fn if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn failed(error: &io::Error) -> PortError {
    PortError::Unavailable(format!("uploaded files: {error}"))
}

/// Moves a file to its place so that a loss of power loses neither the file nor its name.
fn place(file: &File, tmp: &Path, target: &Path) -> io::Result<()> {
    file.sync_all()?;
    let folders: Vec<&Path> = target.ancestors().skip(1).collect();
    let made = folders.iter().take_while(|folder| !folder.is_dir()).count();
    if let Some(folder) = folders.first() {
        private_dir(folder)?;
    }
    fs::rename(tmp, target)?;
    // The name of each created folder is in the folder above it.
    folders.iter().take(made + 1).try_for_each(|folder| File::open(folder)?.sync_all())
}

/// Like [`place`], but fails if the folder no longer exists.
fn place_part(file: &File, tmp: &Path, target: &Path) -> Result<(), UploadRefusal> {
    file.sync_all()?;
    match fs::rename(tmp, target) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(UploadRefusal::Unknown),
        renamed => renamed?,
    }
    if let Some(folder) = target.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// Returns the 32 random bytes of the signing key, created on first use.
fn secret(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = private_file(path)?;
    let mut secret = Vec::new();
    file.read_to_end(&mut secret)?;
    if secret.len() != 32 {
        secret = vec![0; 32];
        getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
        fs::write(path, &secret)?;
    }
    Ok(secret)
}
