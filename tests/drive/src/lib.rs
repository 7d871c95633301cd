//! A double of Google Drive's REST interface, version 3, as far as a scan uses it. It was written from the public
//! reference before the client, so that tests compare the client with the reference and not with itself.
//!
//! It models details that are easily overlooked: answers contain only the requested fields; files of a shared drive
//! exist only for clients that declare support for shared drives; pages may be short, even empty; a page token belongs
//! to its query; documents have no bytes and are exported, up to 10 MB.

mod errors;
mod files;
mod serve;

pub use errors::DriveFault;
pub use files::EXPORT_LIMIT;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use files::{DriveContent, DriveFile, FileTree};

/// One of the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    List,
    Metadata,
    Media,
    Export,
}

#[derive(Debug, Default)]
pub(crate) struct DoubleState {
    files: FileTree,
    /// Accepted tokens.
    tokens: Vec<String>,
    /// The number of further calls after which no token is accepted.
    fuse: Option<u32>,
    /// The next faults, and how often each occurs.
    faults: Vec<(Call, DriveFault, u32)>,
    calls: Vec<Call>,
    /// Most files on a page, whatever the client requests.
    page: Option<usize>,
    incomplete: bool,
}

/// A running double. It ends with the test.
#[derive(Debug)]
pub struct DriveDouble {
    address: SocketAddr,
    state: Arc<Mutex<DoubleState>>,
    /// Ends the server when it is dropped.
    _running: tokio::sync::oneshot::Sender<()>,
}

impl DriveDouble {
    /// Starts a double on its own thread. My Drive is empty, and no token is accepted.
    ///
    /// # Panics
    /// If this machine has no port to listen on.
    pub fn start() -> Self {
        let state = Arc::<Mutex<DoubleState>>::default();
        let (running, ended) = tokio::sync::oneshot::channel();
        let (bound, address) = std::sync::mpsc::channel();
        let router = serve::router(Arc::clone(&state));
        std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
                bound.send(listener.local_addr().expect("its address")).expect("the test waits");
                let served = axum::serve(listener, router).with_graceful_shutdown(async {
                    // An error is the end as well.
                    drop(ended.await);
                });
                served.await.expect("the server runs");
            });
        });
        Self { address: address.recv().expect("an address"), state, _running: running }
    }

    fn state(&self) -> MutexGuard<'_, DoubleState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the address to use instead of `https://www.googleapis.com`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts this token from now on.
    pub fn accept(&self, token: &str) {
        self.state().tokens.push(token.to_owned());
    }

    /// Accepts no token any more.
    pub fn expire(&self) {
        self.state().tokens.clear();
    }

    /// Accepts no token any more after this number of further calls.
    pub fn expire_after(&self, calls: u32) {
        self.state().fuse = Some(calls);
    }

    /// Creates a folder in `parent` (`root`: My Drive) and returns its id.
    pub fn folder(&self, parent: &str, name: &str) -> String {
        self.state().files.add(parent, name, DriveContent::Folder)
    }

    pub fn file(&self, parent: &str, name: &str, content: impl Into<Vec<u8>>) -> String {
        self.state().files.add(parent, name, DriveContent::Bytes(content.into()))
    }

    /// Creates a file without bytes, such as `document` or `form`. `exported` is the content of its export.
    pub fn native(&self, parent: &str, name: &str, kind: &str, exported: impl Into<Vec<u8>>) -> String {
        self.state().files.add(
            parent,
            name,
            DriveContent::Native { kind: kind.to_owned(), exported: exported.into() },
        )
    }

    pub fn shortcut(&self, parent: &str, name: &str, target: &str) -> String {
        self.state().files.add(parent, name, DriveContent::Shortcut(target.to_owned()))
    }

    /// Creates a shared drive and returns the id of its top folder.
    pub fn shared_drive(&self, name: &str) -> String {
        self.state().files.add_drive(name)
    }

    /// Replaces the content of a file.
    pub fn change(&self, id: &str, content: impl Into<Vec<u8>>) {
        self.state().files.change(id, content.into());
    }

    pub fn remove(&self, id: &str) {
        self.state().files.remove(id);
    }

    pub fn trash(&self, id: &str) {
        self.edit(id, |file| file.trashed = true);
    }

    /// Makes every attempt to read this file fail with this fault.
    pub fn restrict(&self, id: &str, fault: DriveFault) {
        self.edit(id, |file| file.restricted = Some(fault));
    }

    fn edit(&self, id: &str, edit: impl FnOnce(&mut DriveFile)) {
        edit(self.state().files.get_mut(id).expect("a file"));
    }

    /// Returns the id of the file at a path below a folder, with names separated by `/`.
    pub fn find(&self, folder: &str, path: &str) -> Option<String> {
        self.state().files.find(folder, path)
    }

    /// Makes the next `times` calls of this kind fail.
    pub fn fail(&self, call: Call, fault: DriveFault, times: u32) {
        self.state().faults.push((call, fault, times));
    }

    /// Puts at most this number of files on a page, and leaves every second page empty.
    pub fn short_pages(&self, page: usize) {
        self.state().page = Some(page);
    }

    /// Marks listings as incomplete, or not.
    pub fn incomplete(&self, is: bool) {
        self.state().incomplete = is;
    }

    /// Returns the number of calls, including refused ones.
    pub fn calls(&self, call: Call) -> usize {
        self.state().calls.iter().filter(|made| **made == call).count()
    }
}
