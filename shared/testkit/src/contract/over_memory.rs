//! The contract suites run over the adapters in memory.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use chrono::TimeDelta;
use riffle_ports::{ClientNotifier, FileSource, Ids, Source, WorkQueue};

use super::{ClientHarness, ConsumedMessage, PlaceHarness, QueueHarness};
use crate::memory::{
    ManualClock, MemoryConnections, MemoryFiles, MemoryLedger, MemoryMessage, MemoryNotifier, MemoryObjects,
    MemoryQueue, MemoryTickets, MemoryTokens, MemoryUsage, SeededIds,
};

/// Polls `future` until it is ready. This suffices because adapters in memory never wait for external events.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

#[test]
fn ledger() {
    run(super::scan_ledger(&MemoryLedger::new(), &SeededIds::new(1)));
}

#[test]
fn objects() {
    run(super::object_store(&MemoryObjects::new(), &SeededIds::new(1)));
}

#[test]
fn tickets() {
    run(super::ticket_store(&MemoryTickets::default(), &SeededIds::new(1)));
}

#[test]
fn usage() {
    run(super::usage_counters(&MemoryUsage::default(), &SeededIds::new(1)));
}

#[test]
fn tokens() {
    let clock = Arc::new(ManualClock::new());
    let vault = MemoryTokens::new(clock.clone());
    run(super::token_vault(&vault, &clock, &SeededIds::new(1)));
}

#[test]
fn connections() {
    run(super::connection_registry(&MemoryConnections::new(), &SeededIds::new(1)));
}

#[test]
fn time_and_chance() {
    super::clock(&ManualClock::new());
    super::ids(&SeededIds::new(1));
}

pub(super) struct MemoryConsumer {
    clock: Arc<ManualClock>,
    queue: MemoryQueue,
    held: Mutex<BTreeMap<String, MemoryMessage>>,
}

impl MemoryConsumer {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        Self {
            queue: MemoryQueue::new(Arc::clone(&clock) as _, TimeDelta::minutes(3)),
            clock,
            held: Mutex::default(),
        }
    }
}

#[async_trait]
impl QueueHarness for MemoryConsumer {
    fn queue(&self) -> &dyn WorkQueue {
        &self.queue
    }

    async fn receive(&self, queue: &str) -> Vec<ConsumedMessage> {
        let received = self.queue.receive(self.queue.place(queue)).into_iter();
        received
            .map(|received| {
                let delivered = ConsumedMessage {
                    receipt: received.receipt(),
                    body: received.message.body.clone(),
                    group: received.message.group.clone(),
                    receive_count: received.receive_count,
                };
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.insert(delivered.receipt.clone(), received);
                delivered
            })
            .collect()
    }

    async fn delete(&self, _queue: &str, delivered: ConsumedMessage) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.queue.delete(&held[&delivered.receipt]);
    }

    async fn expire(&self) {
        self.clock.advance(TimeDelta::hours(1));
    }
}

#[test]
fn queue() {
    run(super::work_queue(&MemoryConsumer::new(), &SeededIds::new(1)));
}

struct MemoryClients {
    ids: SeededIds,
    notifier: MemoryNotifier,
}

#[async_trait]
impl ClientHarness for MemoryClients {
    fn notifier(&self) -> &dyn ClientNotifier {
        &self.notifier
    }

    async fn connect(&self) -> String {
        let id = self.ids.fresh();
        self.notifier.open(&id);
        id
    }

    async fn next(&self, connection: &str) -> String {
        self.notifier.take_of(connection).remove(0)
    }

    async fn disconnect(&self, connection: &str) {
        self.notifier.close(connection);
    }
}

#[test]
fn notifier() {
    let clients = MemoryClients { ids: SeededIds::new(2), notifier: MemoryNotifier::new() };
    run(super::client_notifier(&clients, &SeededIds::new(1)));
}

struct MemoryPlaces {
    ids: SeededIds,
    files: MemoryFiles,
}

fn folder(place: &Source) -> &str {
    let Source::Folders(folders) = place else { panic!("a folder") };
    &folders[0]
}

#[async_trait]
impl PlaceHarness for MemoryPlaces {
    fn files(&self) -> &dyn FileSource {
        &self.files
    }

    async fn place(&self, files: Vec<(String, Vec<u8>)>) -> Source {
        let place = Source::Folders(vec![format!("/{}", self.ids.fresh())]);
        self.files.make_folder(folder(&place));
        for (name, content) in files {
            self.files.write(folder(&place), &name, content);
        }
        place
    }

    fn nowhere(&self) -> Source {
        Source::Folders(vec![format!("/{}", self.ids.fresh())])
    }

    async fn change(&self, place: &Source, name: &str, content: &[u8]) {
        self.files.write(folder(place), name, content.to_vec());
    }

    async fn remove(&self, place: &Source, name: &str) {
        self.files.remove(folder(place), name);
    }
}

#[test]
fn files() {
    let places = MemoryPlaces { ids: SeededIds::new(3), files: MemoryFiles::new(100) };
    run(super::file_source(&places));
}
