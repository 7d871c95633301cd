//! The statements flow: turns a file in the uploads bucket into transactions, categories, figures and an audit trail,
//! each exactly once.
//!
//! - `stages`: one file for each function, from the bucket's notification to the sweep that runs each minute.
//! - `state`: the stored state of a file, and the only ways in which it may change.
//! - `queries`: the questions that people ask.
//! - `deletion` removes a file and everything derived from it; `shadow` compares the results of new code with the
//!   stored ones and writes nothing; `statement_reader` reads a file in batches; `rules` are a tenant's categories.
//!
//! Delivery is at least once everywhere: each stage may run twice, concurrently, partly or late.

mod dead_letters;
mod deletion;
mod metrics;
mod queries;
mod rules;
mod shadow;
mod stages;
mod state;
mod statement_reader;

use std::sync::Arc;
use std::time::Duration;

use riffle_contracts::ProcessingMode;
use riffle_ports::{
    AuditTrail, Clock, EventPublisher, Failure, FigureStore, Ids, Inbox, ObjectStore, RecordStore,
    TransactionStore, WorkQueue,
};
use riffle_topology::MAX_RECEIVES;

pub use dead_letters::{message_info, record_info};
pub use queries::answers::{ApiError, MAX_BYTES, Queries};
pub use queries::transactions::{Filter, OtherList, TransactionCursor, TransactionListing};
pub use rules::{RuleSet, RulesError};
pub use shadow::Difference;
pub use stages::analytics_consumer::{CategorySum, CurrencySums, Figures, MonthSums};
pub use stages::categorization_consumer::Decision;
pub use stages::error_consumer::DeliveryInfo;
pub use stages::file_processor_consumer::Processor;
pub use stages::s3_event_handler::{Notification, Skipped, object};
pub use state::file::{FLOW, FileChange, FileNotChanged, FileRecord, FileState};
pub use state::file_details::{AccountDetails, FileDetails, Remark, StageFailure};
pub use state::ids::{event_id, processing_id, transaction_id};
pub use state::keys::{UNNAMED_ACCOUNT, part as part_key, rules as rules_key, tenant_of};
pub use statement_reader::{InlineStatements, RowBatch, RowStream, StatementFiles, StatementReader};

/// Attempts to change a file's record. Each attempt but the last may lose a conditional write to another process.
const TRIES: u32 = 8;

/// The failure after all [`TRIES`] attempts lost to other processes.
fn contended() -> Failure {
    Failure::Retry("other processes are changing the file's record".to_owned())
}

/// The settings that differ between deployments.
#[derive(Debug, Clone)]
pub struct StatementsSettings {
    pub mode: ProcessingMode,
    /// Keys below this prefix are restore packages, not uploads. The prefix is below the tenant's part of the key.
    pub restore_prefix: Option<String>,
    /// How long a worker holds a file exclusively. At least the longest time a function may run: a worker that runs
    /// longer finds that it no longer holds the lease. Zero if there is only one process.
    pub lease: Duration,
    /// Rows whose keys are stored in one object.
    pub part_rows: usize,
    /// Batches of rows that are stored concurrently.
    pub stores_at_once: usize,
    /// The sweep publishes outbox events that are at least this old.
    pub announce_after: Duration,
    /// The sweep sends a file to the processor again if no worker holds it and it has not changed for this long.
    pub revive_after: Duration,
    /// The sweep marks a file as failed after this many attempts without a result.
    pub attempts: u32,
    /// How long after a deletion the sweep looks at the file once more. By then no worker that held it can still be
    /// running.
    pub settle_after: Duration,
    /// The largest difference between the clocks of two processes of this deployment.
    pub clocks_apart: Duration,
    /// A file that has waited this long without being processed is marked as failed: its message is a dead letter or
    /// lost.
    pub give_up_after: Duration,
    /// Rows that one request looks at, at most.
    pub look_at_most: usize,
}

impl Default for StatementsSettings {
    fn default() -> Self {
        Self {
            mode: ProcessingMode::Events,
            restore_prefix: Some("restore/".to_owned()),
            // The function may run for 10 minutes.
            lease: Duration::from_mins(11),
            part_rows: 5_000,
            stores_at_once: 8,
            announce_after: Duration::from_mins(1),
            revive_after: Duration::from_mins(15),
            attempts: MAX_RECEIVES,
            settle_after: Duration::from_mins(30),
            clocks_apart: Duration::from_secs(5),
            // Five deliveries, an hour apart, plus a margin.
            give_up_after: Duration::from_hours(6),
            look_at_most: 20_000,
        }
    }
}

/// The flow with the ports it uses. Cheap to clone.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "trait objects without Debug")]
pub struct Statements {
    pub records: Arc<dyn RecordStore>,
    pub transactions: Arc<dyn TransactionStore>,
    pub figures: Arc<dyn FigureStore>,
    pub audit: Arc<dyn AuditTrail>,
    pub events: Arc<dyn EventPublisher>,
    pub objects: Arc<dyn ObjectStore>,
    pub inbox: Arc<dyn Inbox>,
    pub queue: Arc<dyn WorkQueue>,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub settings: StatementsSettings,
}
