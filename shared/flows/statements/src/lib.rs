//! The statements flow: a file in the uploads bucket becomes transactions, categories, figures and a trail of what
//! happened, each once.
//!
//! `state` says what a file's record holds and what may happen to it. `received` takes the bucket's notifications, `processor` makes transactions of a file (`rows` reads it, `parts`
//! keeps which ones they are), `outbox` announces what is stored. Behind the bus, `categories` (`rules`), `figures`,
//! `trail` and `failures` each consume from a queue of their own. `deletion` takes everything back, `sweep` mends
//! what was lost, `shadow` compares without writing, and what stands on `listing` tells people. Delivery is at least
//! once everywhere: each of these may run twice, at once, half-way or late.

mod categories;
mod dead_letters;
mod deletion;
mod ending;
mod failures;
mod figures;
mod findings;
mod giving_up;
mod ids;
mod keys;
mod listing;
mod metrics;
mod outbox;
mod parts;
mod processor;
mod received;
mod rows;
mod rules;
mod shadow;
mod state;
mod sweep;
mod telling;
mod trail;

use std::sync::Arc;
use std::time::Duration;

use riffle_contracts::ProcessingMode;
use riffle_ports::{
    AuditTrail, Clock, EventPublisher, Failure, FigureStore, Ids, Inbox, ObjectStore, RecordStore,
    TransactionStore, WorkQueue,
};
use riffle_topology::MAX_RECEIVES;

pub use categories::Decision;
pub use dead_letters::{about_letter, told_of_letter};
pub use failures::Delivery;
pub use figures::{CategorySum, Figures, MonthSums, Sums};
pub use findings::{AccountFindings, Failed, Findings, Remark};
pub use ids::{event_id, processing_id, transaction_id};
pub use keys::{UNNAMED_ACCOUNT, part as part_key, rules as rules_key, tenant_of};
pub use listing::{Filter, Listed, OtherList, TransactionCursor};
pub use processor::Processor;
pub use received::{Notification, Skipped, object};
pub use rows::{InlineStatements, RowStream, Rows, StatementFiles, Statements};
pub use rules::{Rules, RulesError};
pub use shadow::Difference;
pub use state::{FLOW, File, FileChange, FileState, NotChanged};
pub use telling::{ApiError, Books, MAX_BYTES};

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
