//! The contract suites of the testkit, unchanged.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use riffle_local_adapters::{
    Frames, LocalConnections, LocalFolders, LocalNotifier, LocalQueues, LocalTokens,
};
use riffle_ports::{ClientNotifier, FileSource, Ids, Source, WorkQueue};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_testkit::contract::{self, ClientHarness, ConsumedMessage, PlaceHarness, QueueHarness};
use riffle_testkit::memory::ManualClock;
use tempfile::TempDir;
use tokio::sync::Mutex as AsyncMutex;

use crate::{Outcome, State, receive};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ledger() -> Outcome {
    let state = State::new()?;
    contract::scan_ledger(&state.store.ledger(), &RandomIds).await;
    // Once more on top of the first run's data, written by an earlier process.
    let state = state.reopen()?;
    contract::scan_ledger(&state.store.ledger(), &RandomIds).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn objects() -> Outcome {
    let state = State::new()?;
    contract::object_store(&state.store.objects(), &RandomIds).await;
    let state = state.reopen()?;
    contract::object_store(&state.store.objects(), &RandomIds).await;
    Ok(())
}

#[tokio::test]
async fn tokens() {
    let clock = std::sync::Arc::new(ManualClock::new());
    let vault = LocalTokens::new(clock.clone());
    contract::token_vault(&vault, &clock, &RandomIds).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tickets() -> Outcome {
    let state = State::new()?;
    contract::ticket_store(&state.store.tickets(), &RandomIds).await;
    Ok(())
}

#[tokio::test]
async fn connections() {
    contract::connection_registry(&LocalConnections::default(), &RandomIds).await;
}

#[test]
fn time_and_chance() {
    contract::clock(&SystemClock);
    contract::ids(&RandomIds);
}

struct Consumer {
    state: State,
    queues: LocalQueues,
}

#[async_trait]
impl QueueHarness for Consumer {
    fn queue(&self) -> &dyn WorkQueue {
        &self.queues
    }

    async fn receive(&self, queue: &str) -> Vec<ConsumedMessage> {
        let received = receive(&self.queues, queue).await.expect("receive");
        received
            .into_iter()
            .map(|received| ConsumedMessage {
                receipt: received.receipt,
                body: received.body,
                group: received.group,
                receive_count: received.receive_count,
            })
            .collect()
    }

    async fn delete(&self, _queue: &str, delivered: ConsumedMessage) {
        let deleted = self.queues.delete(&[delivered.receipt]).await.expect("delete");
        assert_eq!(deleted, 1, "the receipt is valid");
    }

    async fn expire(&self) {
        self.state.advance(3_600);
    }
}

#[tokio::test]
async fn queue() -> Outcome {
    let state = State::new()?;
    let consumer = Consumer { queues: state.store.queues(), state };
    contract::work_queue(&consumer, &RandomIds).await;
    Ok(())
}

#[derive(Default)]
struct Clients {
    notifier: LocalNotifier,
    open: AsyncMutex<Vec<(String, Frames)>>,
}

#[async_trait]
impl ClientHarness for Clients {
    fn notifier(&self) -> &dyn ClientNotifier {
        &self.notifier
    }

    async fn connect(&self) -> String {
        let id = RandomIds.fresh();
        let frames = self.notifier.register(&id);
        self.open.lock().await.push((id.clone(), frames));
        id
    }

    async fn next(&self, connection: &str) -> String {
        let mut open = self.open.lock().await;
        let (_, frames) = open.iter_mut().find(|(id, _)| id == connection).expect("connected");
        frames.next().await.expect("the connection is open")
    }

    async fn disconnect(&self, connection: &str) {
        self.open.lock().await.retain(|(id, _)| id != connection);
    }
}

#[tokio::test]
async fn notifier() {
    contract::client_notifier(&Clients::default(), &RandomIds).await;
}

#[derive(Default)]
struct Places {
    files: LocalFolders,
    folders: Mutex<Vec<TempDir>>,
}

fn folder(place: &Source) -> &Path {
    let Source::Folders(folders) = place else { panic!("a folder") };
    Path::new(&folders[0])
}

#[async_trait]
impl PlaceHarness for Places {
    fn files(&self) -> &dyn FileSource {
        &self.files
    }

    async fn place(&self, files: Vec<(String, Vec<u8>)>) -> Source {
        let folder = TempDir::new().expect("a folder");
        for (name, content) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("below the folder"))
                .expect("the path is below the folder");
            std::fs::write(path, content).expect("a file");
        }
        let place = Source::Folders(vec![folder.path().to_str().expect("UTF-8").to_owned()]);
        self.folders.lock().expect("no panic").push(folder);
        place
    }

    fn nowhere(&self) -> Source {
        Source::Folders(vec![format!("/nowhere/{}", RandomIds.fresh())])
    }

    async fn change(&self, place: &Source, name: &str, content: &[u8]) {
        write_later(folder(place).join(name), content).expect("write");
    }

    async fn remove(&self, place: &Source, name: &str) {
        std::fs::remove_file(folder(place).join(name)).expect("remove");
    }
}

/// Rewrites a file with another modification time, however coarse the file system's clock is.
pub(crate) fn write_later(path: PathBuf, content: &[u8]) -> std::io::Result<()> {
    let before = std::fs::metadata(&path).and_then(|before| before.modified());
    std::fs::write(&path, content)?;
    let after = before.unwrap_or(SystemTime::UNIX_EPOCH) + Duration::from_millis(10);
    std::fs::File::options().write(true).open(path)?.set_modified(after)
}

#[tokio::test]
async fn files() {
    contract::file_source(&Places::default()).await;
}
