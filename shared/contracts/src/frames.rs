//! The messages of the server to clients on the WebSocket. The field names are fixed, because external clients read
//! them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Frame {
    #[serde(flatten)]
    pub body: FrameBody,
    /// `null` if the frame belongs to no session.
    pub session_id: Option<String>,
    /// The server's time. PROGRESS frames may arrive out of order; theirs is the time of their counts.
    pub at: DateTime<Utc>,
}

/// The type and content of a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FrameBody {
    Started {
        message: String,
        timestamp: DateTime<Utc>,
        /// Number of files to read.
        total: u32,
    },
    Progress {
        /// Whole per cent; 100 only when the scan is complete. Frames may arrive out of order: keep the highest value
        /// received.
        value: u8,
        /// Files with a result, including failed files. Below `total` until COMPLETE.
        processed: u64,
        total: u32,
        failed: u64,
        files_per_second: f64,
        /// `null` while no estimate is possible.
        eta_seconds: Option<u64>,
    },
    MatchFound {
        /// File index and ordinal within the file. A repeated `match_id` is the same match: ignore it.
        match_id: String,
        data: FoundMatch,
    },
    FileFailed {
        /// Index of the file. A repeated index is the same failure: ignore it.
        file: u32,
        data: FailedFile,
    },
    /// The answer to `resume`: the current state of the session and one page of its results so far. Frames may arrive
    /// twice or late: once the client knows that the session has ended, a SNAPSHOT that says it is still running is not
    /// the answer to a later `resume`. Ignore it.
    Snapshot {
        state: SessionState,
        total: u32,
        processed: u64,
        failed: u64,
        total_matches: u64,
        matches: Vec<Listed>,
        failures: Vec<ListedFailure>,
        /// Send it with the next `resume` to get the next page; `null` on the last page.
        cursor: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        download_url: Option<String>,
        /// The reason why a FAILED session failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whether the session waits for `renew_token`. Omitted if it does not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        paused: bool,
    },
    /// The scan has ended and the report is available. May be sent again with the same content after a fault: ignore a
    /// repeat.
    Complete {
        download_url: String,
        total_matches: u64,
        /// Files with a result, including failed files.
        total_processed: u64,
        total_failed: u64,
        message: String,
        receipt: Receipt,
    },
    Cancelled {
        message: String,
    },
    Error {
        message: String,
        code: ErrorCode,
    },
    Pong,
}

/// One code in one position in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundMatch {
    /// As written in the list of codes.
    pub hole_code: String,
    pub file_name: String,
    /// The number of distinct codes in the file: `1 Code`, `2 Codes`, …
    pub status: String,
    /// The address at which the file can be opened.
    pub pdf_link: String,
    /// The position in the file: `12` (a page), `Sheet1!B7` (a cell), `line 40`.
    pub page: String,
    /// The surrounding text, at most about 100 characters.
    pub snippet: String,
}

/// A match in a SNAPSHOT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Listed {
    pub match_id: String,
    pub data: FoundMatch,
}

/// A failure in a SNAPSHOT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedFailure {
    pub file: u32,
    pub data: FailedFile,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Failure)]
pub struct FailedFile {
    pub file_name: String,
    /// Written for the owner of the file.
    pub reason: String,
}

/// The state of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SessionState {
    Listing,
    Dispatching,
    Running,
    Finalizing,
    Complete,
    Failed,
    Cancelled,
}

/// The summary of a finished session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// From the dispatch of the first file to the last result.
    pub duration_seconds: f64,
    pub files: u64,
    /// Total size of the files read, in bytes.
    pub bytes: u64,
    /// Number of pages and sheets read.
    pub pages: u64,
    /// The resources used until the report was built. Only on platforms that bill for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
    /// The estimated cost of `used`, by the deployment's price table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// The resources that a session used, in the units AWS bills. Stored data, network traffic and the clients' own
/// requests are not included.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Used {
    /// Number of function invocations.
    pub invocations: u64,
    /// Run time of functions in seconds × their memory in gigabytes.
    pub gb_seconds: f64,
    /// Counted per 64 KB.
    pub queue_requests: u64,
    pub table_write_units: u64,
    pub table_read_units: f64,
    /// Objects written, and list requests.
    pub object_writes: u64,
    pub object_reads: u64,
    /// Frames pushed, counted per 32 KB.
    pub socket_messages: u64,
    pub key_requests: u64,
    /// Pages read by an OCR service that is billed per page.
    pub ocr_pages: u64,
}

/// An estimate of the cost, by kind of service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// Always `USD`.
    pub currency: String,
    /// The AWS region whose prices apply.
    pub region: String,
    pub total: f64,
    pub functions: f64,
    pub queues: f64,
    pub tables: f64,
    pub storage: f64,
    pub messages: f64,
    pub keys: f64,
    pub ocr: f64,
}

/// The kind of an error. A client may act on it; `message` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The message cannot be parsed or requests something impossible.
    BadRequest,
    /// The session does not exist or belongs to another tenant.
    NotFound,
    /// The request id was already used for a different request.
    RequestIdReused,
    /// The session does not allow this action in its current state.
    WrongState,
    /// The scan could not be completed.
    ScanFailed,
    /// The session has paused: send `renew_token`. Sent when the session pauses, and repeated occasionally while it
    /// waits.
    TokenExpired,
    /// A quota of the tenant is exhausted: the message says when the action is possible again.
    QuotaExceeded,
    /// A temporary failure: retry the same action.
    Unavailable,
}

/// The last line of the output of `riffle scan --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "SUMMARY")]
pub struct Summary {
    pub session_id: String,
    pub total: u64,
    /// Files with a result, including failed files.
    pub processed: u64,
    pub failed: u64,
    pub matches: u64,
    pub seconds: f64,
    /// Path of the report; `null` if none was requested.
    pub report: Option<String>,
}
