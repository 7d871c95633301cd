//! The ports: what the flows need from the outside world, as traits, and the types that those traits use.
//!
//! Nothing here names a product. Each trait states its contract; `riffle-testkit` has one suite per trait that every
//! adapter must pass. A call through a port fails in one of two ways only: see [`PortError`].

mod clock;
mod connections;
mod dead_letters;
mod events;
mod failure;
mod file_source;
mod inbox;
mod links;
mod notices;
mod object_store;
mod ocr;
mod platform;
mod quotas;
mod records;
mod scan_ledger;
mod session;
mod text_cache;
mod tickets;
mod tokens;
mod transactions;
mod upload_storage;
mod usage;
mod work_queue;

pub use clock::{Clock, Deadline, Ids};
pub use connections::{ClientNotifier, Connection, ConnectionRegistry, PushResult};
pub use dead_letters::{DeadLetter, DeadLetterClassifier, DeadLetterStore, MessageInfo, RecordInfo};
pub use events::{AuditEntry, AuditTrail, EventPublisher, Outgoing, Subject};
pub use failure::Failure;
pub use file_source::{
    Confirmed, Content, Entry, FileSource, Opened, Pages, ReadError, Source, SourceError, is_drive_id,
    read_all,
};
pub use inbox::{Announced, Fetched, Head, Inbox, ObjectRef};
pub use links::{DownloadLinks, Link};
pub use notices::{Notice, Notices};
pub use object_store::{ObjectStore, Put, is_key};
pub use ocr::{Ocr, OcrError, OcrLine, OcrWord, PictureLimits};
pub use platform::{Folder, FolderBrowser, MAX_FOLDERS, Probe, QueueDepth, Timing, Vitals};
pub use quotas::{CountedUse, Exceeded, QuotaLimits, Quotas, UsageCounters};
pub use records::{
    Changed, FlowState, Record, RecordCursor, RecordStore, Replaced, change, change_from, change_seen,
};
pub use scan_ledger::{Attempt, ChunkDone, ListedAt, ResultBody, ScanLedger, StoredResult, TransitionResult};
pub use session::{
    Counts, Frozen, Lease, Paused, Sealed, Session, SessionId, State, Transition, TransitionRefused,
};
pub use text_cache::{TextCache, TextKey, Worth};
pub use tickets::{StoredTicket, TicketHash, TicketStore};
pub use tokens::{Token, TokenVault};
pub use transactions::{
    Booked, Category, FigureStore, FileId, Month, NoMonth, StoredFigures, StoredRows, Transaction,
    TransactionKey, TransactionStore,
};
pub use upload_storage::{Completed, PostForm, ReceivedFile, UploadStorage};
pub use usage::{Meter, Usage};
pub use work_queue::{Message, WorkQueue, send_all};

/// Why a call to the outside world failed.
///
/// A condition that did not hold, a missing item or a closed connection is a result, not an error: the return types
/// state it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Throttled, timed out, or unreachable. The effect may or may not have happened; the caller should retry.
    #[error("{0}")]
    Unavailable(String),
    /// The stored data or the configuration is invalid, so a retry fails again. A person must look.
    #[error("{0}")]
    Broken(String),
}
