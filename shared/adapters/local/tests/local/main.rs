//! The local adapters: the contract of each port, and the guarantees of these adapters only.

mod bus;
mod contract;
mod contract_statements;
mod crash;
mod folders;
mod inbox;
mod inspect;
mod notifier;
mod objects;
mod queues;
mod store;
mod texts;
mod uploads;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use riffle_local_adapters::{LocalQueues, OpenError, ReceivedMessage, Store};
use riffle_ports::{Message, PortError, WorkQueue};
use riffle_testkit::memory::ManualClock;
use tempfile::TempDir;

/// Any error, shown by the test's failure.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A state folder with a clock that is moved by hand.
struct State {
    folder: TempDir,
    clock: Arc<ManualClock>,
    store: Store,
}

impl State {
    fn new() -> Result<Self, OpenError> {
        let folder = TempDir::new().expect("a folder for the test");
        let clock = Arc::new(ManualClock::new());
        let store = Store::open(folder.path(), Arc::clone(&clock) as _)?;
        Ok(Self { folder, clock, store })
    }

    /// Closes the store and opens it again.
    fn reopen(self) -> Result<Self, OpenError> {
        let Self { folder, clock, store } = self;
        drop(store);
        let store = Store::open(folder.path(), Arc::clone(&clock) as _)?;
        Ok(Self { folder, clock, store })
    }

    fn advance(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

const VISIBILITY: Duration = Duration::from_mins(1);

async fn send(queues: &LocalQueues, queue: &str, group: &str, bodies: &[&str]) -> Result<(), PortError> {
    let messages: Vec<Message> =
        bodies.iter().map(|body| Message { group: group.to_owned(), body: (*body).to_owned() }).collect();
    let refused = queues.send(queue, &messages).await?;
    assert!(refused.is_empty(), "the local queue accepts every message");
    Ok(())
}

async fn receive(queues: &LocalQueues, queue: &str) -> Result<Vec<ReceivedMessage>, PortError> {
    queues.receive(queue, 10, VISIBILITY).await
}

fn receipts(received: &[ReceivedMessage]) -> Vec<String> {
    received.iter().map(|received| received.receipt.clone()).collect()
}

fn bodies(received: &[ReceivedMessage]) -> Vec<&str> {
    received.iter().map(|received| received.body.as_str()).collect()
}
