//! Known-bad protocols of statements. Each lacks one guarantee that the real one stands on; the simulator must catch each.
//!
//! A mutant is a port that lacks its guarantee, or a message or handler that does, around the same real handlers:
//! what a handler is told is what it would be told if its protocol were the bad one.

mod beside;
mod books;
mod handlers;
mod telling;

use std::sync::Arc;

use riffle_ports::{
    AuditTrail, EventPublisher, FigureStore, Inbox, ObjectStore, RecordStore, TransactionStore, WorkQueue,
};
use riffle_testkit::simulator::Control;

use super::stores::Stores;

pub(crate) use handlers::{append_all, count_figures, derive_by_event_time, message};

macro_rules! mutants {
    ($($(#[$doc:meta])* $mutant:ident = $name:literal,)+) => {
        /// One known-bad protocol.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mutant { $($(#[$doc])* $mutant,)+ }

        impl Mutant {
            pub const ALL: &[Self] = &[$(Self::$mutant,)+];

            /// As it is named on the command line.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$mutant => $name,)+ }
            }
        }
    };
}

mutants! {
    /// What is announced is published after it is stored, and nobody remembers to.
    NoOutbox = "no-outbox",
    /// What is announced is published before it is stored.
    AnnounceBeforeStore = "announce-before-store",
    /// The sweep does not look after what was not announced.
    SweepWithoutOutbox = "sweep-without-outbox",
    /// What the bus refuses counts as told.
    RefusalsIgnored = "refusals-ignored",
    /// Each telling of an event has an id of its own.
    RandomEventIds = "random-event-ids",
    /// Whoever notes a file writes over what is known of it.
    NotedTwice = "noted-twice",
    /// Rows are stored for whoever asks.
    NoTokenGuard = "no-token-guard",
    /// Equal rows are one.
    OccurrenceIgnored = "occurrence-ignored",
    /// A row is new if it was not there before the call.
    NewFromRead = "new-from-read",
    /// Only the file that brought a row shows it.
    FirstAlone = "first-alone",
    /// A row is what the last file says of it.
    LastContent = "last-content",
    /// Which rows a file shows is written after the rows.
    PartsAfterRows = "parts-after-rows",
    /// A deletion does not wait for who may still be writing.
    DeletedUnderLease = "deleted-under-lease",
    /// A deletion removes all rows of a file, whoever else shows them.
    DeletionTakesAll = "deletion-takes-all",
    /// Nobody is told that a file is gone.
    DeletedInSilence = "deleted-in-silence",
    /// Whoever deletes forgets the trail, and what comes late stays.
    LateTrailStays = "late-trail-stays",
    /// Figures are counted up.
    CountedFigures = "counted-figures",
    /// The last figures count, whatever they were derived from.
    FiguresWithoutVersion = "figures-without-version",
    /// Figures are said to be as new as the moment at which they are stored.
    FiguresDatedLate = "figures-dated-late",
    /// Whoever derives figures goes by the time of what happened, and not of when it was told.
    FiguresByEventTime = "figures-by-event-time",
    /// Nobody forgets a month in which nothing is left.
    MonthsOutliveRows = "months-outlive-rows",
    /// Categories are written after they were told.
    CategoriesAfterTelling = "categories-after-telling",
    /// The trail takes an event as often as it comes.
    TrailTwice = "trail-twice",
    /// Nobody sees that an event is a replay.
    ReplayAnnounces = "replay-announces",
    /// The last delivery of a message is like any other.
    LastReceiveSilent = "last-receive-silent",
    /// A batch is acknowledged whatever its answer says.
    AckOnError = "statements-ack-on-error",
    /// Whoever finishes writes over what was noted meanwhile.
    FinishGoesOverNotes = "finish-goes-over-notes",
    /// Whoever gives up writes over what was noted meanwhile.
    FailGoesOverNotes = "fail-goes-over-notes",
    /// Nobody is told to sum up again what a file had that is given up.
    FailedMonthsStay = "failed-months-stay",
    /// Whoever is late with a part of a deleted file leaves it.
    LatePartStays = "late-part-stays",
    /// Nobody asks for the figures of where a deleted file was.
    FiguresOutliveFile = "figures-outlive-file",
    /// Nobody looks again at a file that is gone.
    SettledAtOnce = "settled-at-once",
    /// Whoever rejects takes back what others store since.
    RejectTakesFromOthers = "reject-takes-from-others",
    /// Nobody looks which rows an attempt before told.
    EarlierRulesForgotten = "earlier-rules-forgotten",
    /// The sweep leaves open files alone.
    SweepWithoutFiles = "sweep-without-files",
}

impl Mutant {
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mutant| mutant.name() == name)
    }
}

/// The ports as they are stored behind, good or bad.
pub(crate) struct Ports {
    pub records: Arc<dyn RecordStore>,
    pub transactions: Arc<dyn TransactionStore>,
    pub figures: Arc<dyn FigureStore>,
    pub audit: Arc<dyn AuditTrail>,
    pub events: Arc<dyn EventPublisher>,
    pub objects: Arc<dyn ObjectStore>,
    pub inbox: Arc<dyn Inbox>,
    pub queue: Arc<dyn WorkQueue>,
}

pub(crate) fn ports(mutant: Option<Mutant>, stores: &Stores, control: &Arc<Control>) -> Ports {
    let mut ports = Ports {
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
    let books = Arc::new(books::Cooked::new(mutant, stores, control));
    ports.records = Arc::clone(&books) as _;
    ports.transactions = Arc::clone(&books) as _;
    ports.figures = Arc::clone(&books) as _;
    ports.audit = Arc::clone(&books) as _;
    ports.objects = Arc::clone(&books) as _;
    if mutant == Mutant::FiguresOutliveFile {
        ports.queue = Arc::new(telling::WithoutFigures(Arc::clone(&ports.queue)));
    }
    ports.events = Arc::new(telling::CookedBus {
        mutant,
        books,
        bus: Arc::clone(&stores.bus),
        control: Arc::clone(control),
    });
    ports
}

/// The bus as the flow believes it to be.
pub(crate) fn trusting(mutant: Option<Mutant>, events: Arc<dyn EventPublisher>) -> Arc<dyn EventPublisher> {
    match mutant {
        Some(Mutant::RefusalsIgnored) => Arc::new(telling::Trusting(events)),
        _ => events,
    }
}
