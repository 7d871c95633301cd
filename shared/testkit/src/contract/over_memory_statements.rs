//! The contract suites of the statements flow run over the adapters in memory.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::TimeDelta;
use riffle_ports::{
    DeadLetterStore, EventPublisher, Inbox, Message, ObjectRef, PortError, PostForm, WorkQueue,
};
use riffle_topology::statements::UPLOADS;

use super::over_memory::run;
use super::{BusHarness, DeadLetterHarness, InboxHarness};
use crate::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryQueue, MemoryRecords, MemoryStatements, NewObject, SeededIds,
};

#[test]
fn records() {
    run(super::record_store(&MemoryRecords::default(), &SeededIds::new(1)));
}

#[test]
fn transactions() {
    for batch in [10, 25, 100] {
        let records = Arc::new(MemoryRecords::default());
        let statements = MemoryStatements::new(Arc::clone(&records), batch);
        run(super::transaction_store(&*records, &statements, &SeededIds::new(1)));
    }
}

#[test]
fn figures() {
    let records = Arc::new(MemoryRecords::default());
    let statements = MemoryStatements::new(Arc::clone(&records), 25);
    run(super::figure_store(&*records, &statements, &statements, &SeededIds::new(1)));
}

#[test]
fn forgotten_months() {
    let records = Arc::new(MemoryRecords::default());
    let statements = MemoryStatements::new(Arc::clone(&records), 25);
    run(super::forgotten_months(&*records, &statements, &statements, &SeededIds::new(1)));
}

#[test]
fn audit() {
    run(super::audit_trail(&MemoryStatements::default(), &SeededIds::new(1)));
}

/// Queues, a bus that sends to them, and an inbox that sends its notifications to them.
pub(super) struct World {
    pub clock: Arc<ManualClock>,
    pub queue: Arc<MemoryQueue>,
    pub bus: MemoryBus,
    pub inbox: MemoryInbox,
}

impl World {
    pub(super) fn new() -> Self {
        let clock = Arc::new(ManualClock::new());
        let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _, TimeDelta::minutes(3)));
        let bus = MemoryBus::new(Arc::clone(&clock) as _, Arc::clone(&queue));
        let inbox = MemoryInbox::new("uploads", Arc::clone(&queue), Arc::clone(&clock) as _);
        Self { clock, queue, bus, inbox }
    }

    pub(super) fn take(&self, queue: &str) -> Vec<String> {
        let mut bodies = Vec::new();
        loop {
            let received = self.queue.receive(self.queue.place(queue));
            if received.is_empty() {
                return bodies;
            }
            for received in received {
                self.queue.delete(&received);
                bodies.push(received.message.body);
            }
        }
    }
}

#[async_trait]
impl BusHarness for World {
    fn publisher(&self) -> &dyn EventPublisher {
        &self.bus
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        World::take(self, queue)
    }
}

#[async_trait]
impl DeadLetterHarness for World {
    fn dead_letters(&self) -> &dyn DeadLetterStore {
        &*self.queue
    }

    async fn kill(&self, queue: &str, body: &str) {
        let message = Message { group: String::new(), body: body.to_owned() };
        assert_eq!(self.queue.send(queue, &[message]).await, Ok(Vec::new()));
        while self.queue.len(self.queue.place(queue)) > 0 {
            self.queue.receive(self.queue.place(queue));
            self.clock.advance(TimeDelta::hours(1));
        }
    }

    async fn take(&self, queue: &str) -> Vec<String> {
        World::take(self, queue)
    }
}

#[async_trait]
impl InboxHarness for World {
    fn inbox(&self) -> &dyn Inbox {
        &self.inbox
    }

    async fn send(&self, form: &PostForm, content: Vec<u8>) -> Option<ObjectRef> {
        let object = self.inbox.receive(form, Bytes::from(content)).await.expect("memory does not fail")?;
        assert_eq!(self.take(UPLOADS).len(), 1, "an accepted upload sends one notification");
        Some(object)
    }

    async fn put_twice(&self, key: &str, contents: [Vec<u8>; 2]) -> [ObjectRef; 2] {
        let [old, new] = contents.map(|content| NewObject {
            key: key.to_owned(),
            content: Bytes::from(content),
            ..NewObject::default()
        });
        let put = async |object| -> Result<ObjectRef, PortError> { self.inbox.put(object).await };
        let objects = [put(old).await, put(new).await].map(|put| put.expect("memory does not fail"));
        assert_eq!(self.take(UPLOADS).len(), 2, "two objects send two notifications");
        objects
    }
}

#[test]
fn bus() {
    run(super::event_bus(&World::new(), &SeededIds::new(1)));
}

#[test]
fn dead_letters() {
    run(super::dead_letters(&World::new(), &SeededIds::new(1)));
}

#[test]
fn inbox() {
    run(super::inbox(&World::new(), &SeededIds::new(1)));
}
