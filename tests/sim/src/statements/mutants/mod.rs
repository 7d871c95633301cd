//! Known-bad protocols of statements. Each lacks one guarantee on which the real protocol relies; the simulator must
//! catch each.
//!
//! A mutant is a port, a message or a handler without its guarantee, among the same real handlers: a handler gets the
//! answers that it would get under the bad protocol.

mod beside;
mod handlers;
mod mutant_bus;
mod mutant_stores;

use std::sync::Arc;

use riffle_ports::{
    AuditTrail, EventPublisher, FigureStore, Inbox, ObjectStore, RecordStore, TransactionStore, WorkQueue,
};
use riffle_testkit::simulator::Control;

use super::stores::StatementsStores;

pub(crate) use handlers::{append_all, count_figures, derive_by_event_time, message};

macro_rules! mutants {
    ($($(#[$doc:meta])* $mutant:ident = $name:literal,)+) => {
        /// A known-bad protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum StatementsMutant { $($(#[$doc])* $mutant,)+ }

        impl StatementsMutant {
            pub const ALL: &[Self] = &[$(Self::$mutant,)+];

            /// Returns the mutant's name on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$mutant => $name,)+ }
            }
        }
    };
}

mutants! {
    /// Events are published after the result is stored, without an outbox, and so may be lost.
    NoOutbox = "no-outbox",
    /// Events are published before the result is stored.
    AnnounceBeforeStore = "announce-before-store",
    /// The sweep does not publish events left in the outbox.
    SweepWithoutOutbox = "sweep-without-outbox",
    /// Events that the bus refuses count as published.
    RefusalsIgnored = "refusals-ignored",
    /// Each publication of an event has another id.
    RandomEventIds = "random-event-ids",
    /// Noting a file overwrites its existing record.
    NotedTwice = "noted-twice",
    /// Rows are stored without a check of the caller's token.
    NoTokenGuard = "no-token-guard",
    /// Equal rows are stored as one.
    OccurrenceIgnored = "occurrence-ignored",
    /// A row counts as new if it did not exist before the call.
    NewFromRead = "new-from-read",
    /// Only the file that first brought a row shows it.
    FirstAlone = "first-alone",
    /// A row gets the content of the last file that shows it.
    LastContent = "last-content",
    /// The list of the rows that a file shows is written after the rows.
    PartsAfterRows = "parts-after-rows",
    /// A deletion does not wait for a worker that may still be writing.
    DeletedUnderLease = "deleted-under-lease",
    /// A deletion removes all rows of a file, including those that other files show.
    DeletionTakesAll = "deletion-takes-all",
    /// The deletion of a file is not announced.
    DeletedInSilence = "deleted-in-silence",
    /// A deletion forgets the trail, but entries appended late stay.
    LateTrailStays = "late-trail-stays",
    /// Figures are incremented.
    CountedFigures = "counted-figures",
    /// The last figures win, whichever version they were derived from.
    FiguresWithoutVersion = "figures-without-version",
    /// Figures are dated with the time at which they are stored.
    FiguresDatedLate = "figures-dated-late",
    /// Figures are derived by the time of the event instead of its message's.
    FiguresByEventTime = "figures-by-event-time",
    /// A month without rows is not forgotten.
    MonthsOutliveRows = "months-outlive-rows",
    /// Categories are written after they were announced.
    CategoriesAfterTelling = "categories-after-telling",
    /// The trail stores an event each time it arrives.
    TrailTwice = "trail-twice",
    /// Replays are not recognised as such.
    ReplayAnnounces = "replay-announces",
    /// The last delivery of a message is treated like any other.
    LastReceiveSilent = "last-receive-silent",
    /// A batch is acknowledged regardless of its answer.
    AckOnError = "statements-ack-on-error",
    /// Finishing overwrites notes added to the record meanwhile.
    FinishGoesOverNotes = "finish-goes-over-notes",
    /// Failing a file overwrites notes added to its record meanwhile.
    FailGoesOverNotes = "fail-goes-over-notes",
    /// When a file fails, its months' figures are not requested again.
    FailedMonthsStay = "failed-months-stay",
    /// A worker that writes a part of a deleted file late does not remove it.
    LatePartStays = "late-part-stays",
    /// When a file is deleted, its months' figures are not requested again.
    FiguresOutliveFile = "figures-outlive-file",
    /// A deleted file is not checked again for late objects.
    SettledAtOnce = "settled-at-once",
    /// A worker that rejects a file removes rows that other workers have stored since.
    RejectTakesFromOthers = "reject-takes-from-others",
    /// A worker does not read which rows an earlier attempt stored.
    EarlierRulesForgotten = "earlier-rules-forgotten",
    /// The sweep ignores open files.
    SweepWithoutFiles = "sweep-without-files",
}

impl StatementsMutant {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
    }
}

/// The ports in front of the stores, good or bad.
pub(crate) struct StatementsPorts {
    pub records: Arc<dyn RecordStore>,
    pub transactions: Arc<dyn TransactionStore>,
    pub figures: Arc<dyn FigureStore>,
    pub audit: Arc<dyn AuditTrail>,
    pub events: Arc<dyn EventPublisher>,
    pub objects: Arc<dyn ObjectStore>,
    pub inbox: Arc<dyn Inbox>,
    pub queue: Arc<dyn WorkQueue>,
}

pub(crate) fn ports(
    mutant: Option<StatementsMutant>,
    stores: &StatementsStores,
    control: &Arc<Control>,
) -> StatementsPorts {
    let mut ports = StatementsPorts {
        records: Arc::clone(&stores.records) as _,
        transactions: Arc::clone(&stores.statements) as _,
        figures: Arc::clone(&stores.statements) as _,
        audit: Arc::clone(&stores.statements) as _,
        events: Arc::clone(&stores.bus) as _,
        objects: Arc::clone(&stores.objects) as _,
        inbox: Arc::clone(&stores.inbox) as _,
        queue: Arc::clone(&stores.queue) as _,
    };
    let Some(mutant) = mutant else { return ports };
    let mutant_stores = Arc::new(mutant_stores::MutantStores::new(mutant, stores, control));
    ports.records = Arc::clone(&mutant_stores) as _;
    ports.transactions = Arc::clone(&mutant_stores) as _;
    ports.figures = Arc::clone(&mutant_stores) as _;
    ports.audit = Arc::clone(&mutant_stores) as _;
    ports.objects = Arc::clone(&mutant_stores) as _;
    if mutant == StatementsMutant::FiguresOutliveFile {
        ports.queue = Arc::new(mutant_bus::WithoutFigures(Arc::clone(&ports.queue)));
    }
    ports.events = Arc::new(mutant_bus::MutantBus {
        mutant,
        mutant_stores,
        bus: Arc::clone(&stores.bus),
        control: Arc::clone(control),
    });
    ports
}

/// Returns the bus as the flow uses it.
pub(crate) fn trusting(
    mutant: Option<StatementsMutant>,
    events: Arc<dyn EventPublisher>,
) -> Arc<dyn EventPublisher> {
    match mutant {
        Some(StatementsMutant::RefusalsIgnored) => Arc::new(mutant_bus::Trusting(events)),
        _ => events,
    }
}
