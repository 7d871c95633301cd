//! The statements flow: a file in the uploads bucket becomes transactions, categories, figures and a trail of what
//! happened, each once.
//!
//! - [`stages`]: one file for each function, from the bucket's notification to the sweep that runs each minute.
//! - [`state`]: what is stored about a file, and the only ways in which it may change.
//! - [`queries`]: what people ask.
//! - `deletion` removes a file and everything derived from it; `shadow` runs new code beside what is stored and writes
//!   nothing; `statement_reader` reads a file in batches; `rules` are a tenant's categories.
//!
//! Delivery is at least once everywhere: each stage may run twice, at once, partly or late.

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

pub use dead_letters::{about_letter, told_of_letter};
pub use queries::answers::{ApiError, MAX_BYTES, Queries};
pub use queries::transactions::{Filter, Listed, OtherList, TransactionCursor};
pub use rules::{Rules, RulesError};
pub use shadow::Difference;
pub use stages::analytics_consumer::{CategorySum, Figures, MonthSums, Sums};
pub use stages::categorization_consumer::Decision;
pub use stages::error_consumer::Delivery;
pub use stages::file_processor_consumer::Processor;
pub use stages::s3_event_handler::{Notification, Skipped, object};
pub use state::file::{FLOW, File, FileChange, FileState, NotChanged};
pub use state::file_details::{AccountDetails, Failed, FileDetails, Remark};
pub use state::ids::{event_id, processing_id, transaction_id};
pub use state::keys::{UNNAMED_ACCOUNT, part as part_key, rules as rules_key, tenant_of};
pub use statement_reader::{InlineStatements, RowStream, Rows, StatementFiles, StatementReader};

/// A change of a file's record is lost to a rival at most so often in a row.
const TRIES: u32 = 8;

/// It was lost so often.
fn contended() -> Failure {
    Failure::Retry("the file's record is being changed by others".to_owned())
}

/// What differs from deployment to deployment.
#[derive(Debug, Clone)]
pub struct Settings {
    pub mode: ProcessingMode,
    /// Keys below it are restore packages, not uploads. Below the tenant's part.
    pub restore_prefix: Option<String>,
    /// How long whoever processes a file has it to himself. At least what a function may take: who lives longer
    /// finds that he holds nothing. Zero where one process is the only one.
    pub lease: Duration,
    /// Rows whose keys are kept together.
    pub part_rows: usize,
    /// Batches of rows that are stored at once.
    pub stores_at_once: usize,
    /// What lies in the outbox for so long is announced by the sweep.
    pub announce_after: Duration,
    /// A file that nobody is at work on and nobody changed for so long is handed out again.
    pub revive_after: Duration,
    /// A file on which so many attempts came to no end has failed.
    pub attempts: u32,
    /// What is deleted is looked at once more after so long: whoever was at work on it before is dead by then.
    pub settle_after: Duration,
    /// How far two clocks of those that run this may be apart.
    pub clocks_apart: Duration,
    /// A file that waits for so long has failed: its message is a dead letter, or lost.
    pub give_up_after: Duration,
    /// Rows one request looks at.
    pub look_at_most: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: ProcessingMode::Events,
            restore_prefix: Some("restore/".to_owned()),
            // The function may take 10 minutes.
            lease: Duration::from_mins(11),
            part_rows: 5_000,
            stores_at_once: 8,
            announce_after: Duration::from_mins(1),
            revive_after: Duration::from_mins(15),
            attempts: MAX_RECEIVES,
            settle_after: Duration::from_mins(30),
            clocks_apart: Duration::from_secs(5),
            // Five deliveries, an hour apart, and then some.
            give_up_after: Duration::from_hours(6),
            look_at_most: 20_000,
        }
    }
}

/// The flow on what it stands on. Cloning is cheap.
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
    pub settings: Settings,
}
