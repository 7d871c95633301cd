//! Objects as files.
//!
//! Each is first written under a unique name in `tmp`, so that a reader, or the next process after a kill, sees a whole
//! object or none.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::{ObjectStore, PortError, Put};

use crate::database::Database;
use crate::object_path::{collect, folder_of, path_of};

/// Up to this size (bytes) a file is read or written on the calling thread: that takes less time than passing it to
/// another thread and back.
const IN_PLACE: u64 = 64 * 1024;

/// The objects in the state folder.
#[derive(Debug, Clone)]
pub struct LocalObjects {
    folders: Arc<ObjectFolders>,
}

#[derive(Debug)]
struct ObjectFolders {
    objects: PathBuf,
    /// On the same file system as `objects`; emptied on opening.
    tmp: PathBuf,
    next_tmp: AtomicU64,
    /// The database's thread holds the lock of the state folder, which must outlive this.
    _locked_by: Arc<Database>,
}

impl LocalObjects {
    pub(crate) fn new(objects: PathBuf, tmp: PathBuf, locked_by: Arc<Database>) -> Self {
        Self {
            folders: Arc::new(ObjectFolders {
                objects,
                tmp,
                next_tmp: AtomicU64::new(0),
                _locked_by: locked_by,
            }),
        }
    }

    async fn write(&self, key: &str, content: Bytes, replace: bool) -> Result<Put, PortError> {
        let path = path_of(key)?;
        let folders = Arc::clone(&self.folders);
        let size = content.len() as u64;
        let write = move || folders.write(&path, &content, replace);
        sized(size, write).await?.map_err(|error| failure("written", key, &error))
    }
}

#[async_trait]
impl ObjectStore for LocalObjects {
    async fn put(&self, key: &str, content: Bytes) -> Result<(), PortError> {
        self.write(key, content, true).await.map(drop)
    }

    async fn put_if_absent(&self, key: &str, content: Bytes) -> Result<Put, PortError> {
        self.write(key, content, false).await
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>, PortError> {
        let path = self.folders.objects.join(path_of(key)?);
        let read = async move {
            let mut file = File::open(path)?;
            let size = file.metadata()?.len();
            let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            let read = move || file.read_to_end(&mut content).map(|_| Bytes::from(content));
            Ok(sized(size, read).await??)
        };
        match read.await {
            Ok(content) => Ok(Some(content)),
            Err(ObjectError::Io(error)) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(ObjectError::Io(error)) => Err(failure("read", key, &error)),
            Err(ObjectError::Port(error)) => Err(error),
        }
    }

    async fn list(&self, folder: &str) -> Result<Vec<String>, PortError> {
        let (root, name) = (self.folders.objects.join(folder_of(folder)?), folder.to_owned());
        elsewhere(move || {
            let mut keys = Vec::new();
            collect(&root, &format!("{name}/"), &mut keys)
                .map_err(|error| failure("listed", &name, &error))?;
            keys.sort();
            Ok(keys)
        })
        .await?
    }

    async fn delete(&self, key: &str) -> Result<(), PortError> {
        match fs::remove_file(self.folders.objects.join(path_of(key)?)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failure("deleted", key, &error)),
            _ => Ok(()),
        }
    }
}

impl ObjectFolders {
    fn write(&self, path: &Path, content: &[u8], replace: bool) -> io::Result<Put> {
        let path = self.objects.join(path);
        // Usually a repeated call: skip the write. The link below decides.
        if !replace && path.exists() {
            return Ok(Put::Exists);
        }
        let tmp = self.tmp.join(self.next_tmp.fetch_add(1, Ordering::Relaxed).to_string());
        let placed = File::create_new(&tmp).and_then(|mut file| file.write_all(content)).and_then(|()| {
            in_folder(&path, || {
                if replace {
                    fs::rename(&tmp, &path)
                } else {
                    // Unlike a rename, a link never replaces a file.
                    fs::hard_link(&tmp, &path)
                }
            })
        });
        let renamed = replace && placed.is_ok();
        if !renamed {
            fs::remove_file(&tmp).or_else(|error| match placed {
                // The first failure is more informative.
                Err(_) => Ok(()),
                Ok(()) => Err(error),
            })?;
        }
        match placed {
            Ok(()) => Ok(Put::Stored),
            Err(error) if !replace && error.kind() == ErrorKind::AlreadyExists => Ok(Put::Exists),
            Err(error) => Err(error),
        }
    }
}

/// Runs `act`; if that fails because the folder of `path` is missing, creates the folder and runs it again.
fn in_folder(path: &Path, act: impl Fn() -> io::Result<()>) -> io::Result<()> {
    match (act(), path.parent()) {
        (Err(error), Some(folder)) if error.kind() == ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            act()
        }
        (outcome, _) => outcome,
    }
}

#[derive(Debug, thiserror::Error)]
enum ObjectError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Runs the reading or writing of `size` bytes on this thread if it is small, otherwise on a blocking thread.
async fn sized<T: Send + 'static>(
    size: u64,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PortError> {
    if size <= IN_PLACE { Ok(work()) } else { elsewhere(work).await }
}

/// Runs work that may take a while on a blocking thread, where it delays no task.
pub(crate) async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PortError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| PortError::Broken(format!("reading or writing a file: {error}")))
}

fn failure(what: &str, key: &str, error: &io::Error) -> PortError {
    let text = format!("object {key} cannot be {what}: {error}");
    match error.kind() {
        ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::Unsupported
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory => PortError::Broken(text),
        _ => PortError::Unavailable(text),
    }
}
