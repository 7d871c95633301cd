//! Wire types: the JSON that clients, queues and functions exchange.
//!
//! These types are separate from the flows' own types, so that a flow may change without changing messages in flight.
//! Old versions stay decodable until the queues have drained; `golden/` holds one file per version of each type.

mod actions;
mod bucket;
mod events;
mod formulas;
mod frames;
pub mod http;
pub mod http_statements;
mod page_cursor;
mod queue;
mod strict;

pub use actions::{Action, MatchMode, OcrMode, Options, Secret, StartScan};
pub use bucket::{BucketEntity, BucketName, BucketNotification, BucketObject, BucketRecord, NoKey};
pub use events::{
    AccountPeriod, BusEvent, DeletionRequested, DirectFile, EVENT_SOURCE, EVENT_VERSION, ErrorOccurred,
    Event, EventData, EventType, FileDeleted, FileProcessed, FileUploaded, FlowEvents, FlowOf,
    ProcessingMode, TransactionsCategorized, TransactionsCreated, UploadedObject,
};
pub use formulas::without_formulas;
pub use frames::{
    Cost, ErrorCode, FailedFile, FoundMatch, Frame, FrameBody, Listed, ListedFailure, Receipt, SessionState,
    Summary, Used,
};
pub use page_cursor::{NoCursor, PageCursor, number};
pub use queue::{DispatchJob, FinishJob, ScanFile, ScheduledScan};

/// The largest frame to a client, in bytes: the limit of the WebSocket gateway.
pub const MAX_FRAME_BYTES: usize = 32 * 1024;
