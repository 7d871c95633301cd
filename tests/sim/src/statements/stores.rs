//! The true state of the world, accessed without ports: stored data, queues, and published events.

use std::sync::Arc;

use riffle_testkit::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryObjects, MemoryQueue, MemoryRecords, MemoryStatements,
};

use super::scenario::{BUCKET, StatementsScenario};

#[derive(Debug)]
pub struct StatementsStores {
    pub clock: Arc<ManualClock>,
    pub records: Arc<MemoryRecords>,
    pub statements: Arc<MemoryStatements>,
    pub objects: Arc<MemoryObjects>,
    pub queue: Arc<MemoryQueue>,
    pub bus: Arc<MemoryBus>,
    pub inbox: Arc<MemoryInbox>,
}

impl StatementsStores {
    pub fn new(scenario: &StatementsScenario, clock: Arc<ManualClock>) -> Self {
        let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _, scenario.visibility));
        let records = Arc::new(MemoryRecords::default());
        Self {
            statements: Arc::new(MemoryStatements::new(Arc::clone(&records), scenario.batch)),
            records,
            objects: Arc::default(),
            bus: Arc::new(MemoryBus::new(Arc::clone(&clock) as _, Arc::clone(&queue))),
            inbox: Arc::new(MemoryInbox::new(BUCKET, Arc::clone(&queue), Arc::clone(&clock) as _)),
            queue,
            clock,
        }
    }
}
