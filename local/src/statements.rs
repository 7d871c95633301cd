//! The statements flow on one machine.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use riffle_contracts::ProcessingMode;
use riffle_local_adapters::{LocalBus, LocalInbox, LocalUploads, Measure, Store, Timings};
use riffle_ports::{Clock, EventPublisher, Outgoing, PortError};
use riffle_runtime::RandomIds;
use riffle_statements::{Processor, Queries, StatementFiles, Statements, StatementsSettings};

/// The flow with its dependencies.
#[derive(Clone)]
pub struct LocalStatements {
    pub processor: Processor,
    /// The queries of clients.
    pub queries: Queries,
    pub inbox: LocalInbox,
    pub bus: LocalBus,
}

impl LocalStatements {
    pub fn new(
        store: &Store,
        uploads: &LocalUploads,
        clock: &Arc<dyn Clock>,
        timings: &Timings,
        mode: ProcessingMode,
    ) -> Self {
        let inbox = LocalInbox::new(store, uploads.clone(), Arc::new(RandomIds));
        let bus = store.bus();
        let timed = TimedBus { bus: bus.clone(), clock: Arc::clone(clock), timings: timings.clone() };
        let settings = StatementsSettings {
            mode,
            // The process that held a lease is dead.
            lease: Duration::ZERO,
            clocks_apart: Duration::ZERO,
            // A person may have ended the process or the machine.
            attempts: 50,
            // Only one thread writes to the database.
            stores_at_once: 2,
            ..StatementsSettings::default()
        };
        let statements = Statements {
            records: Arc::new(store.records()),
            transactions: Arc::new(store.transactions()),
            figures: Arc::new(store.figures()),
            audit: Arc::new(store.audit()),
            events: Arc::new(timed),
            objects: Arc::new(store.objects()),
            inbox: Arc::new(inbox.clone()),
            queue: Arc::new(store.queues()),
            clock: Arc::clone(clock),
            ids: Arc::new(RandomIds),
            settings,
        };
        let processor = Processor { statements: statements.clone(), reader: Arc::new(StatementFiles) };
        Self { processor, queries: Queries { statements }, inbox, bus }
    }

    pub fn flow(&self) -> &Statements {
        &self.processor.statements
    }
}

/// A bus that measures how long publishing takes.
struct TimedBus {
    bus: LocalBus,
    clock: Arc<dyn Clock>,
    timings: Timings,
}

#[async_trait]
impl EventPublisher for TimedBus {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let begun = self.clock.now();
        let outcome = self.bus.publish(events).await;
        // If the clock was set back, the difference is meaningless.
        if let Ok(took) = (self.clock.now() - begun).to_std() {
            self.timings.note(Measure::Publish, "bus", took);
        }
        outcome
    }
}
