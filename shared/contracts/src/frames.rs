//! What the server tells a client. The field names are fixed: other people's clients read them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message to a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Frame {
    #[serde(flatten)]
    pub body: FrameBody,
    /// `null` where a frame belongs to no session.
    pub session_id: Option<String>,
    /// The server's time; of PROGRESS, which may be overtaken on its way, that of its counts.
    pub at: DateTime<Utc>,
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FrameBody {
    Started {
        message: String,
        timestamp: DateTime<Utc>,
        /// Files to read.
        total: u32,
    },
    Progress {
        /// Per cent, whole, 100 only when all is done. A client keeps the maximum it saw.
        value: u8,
        /// Files with a result, failed ones included. Below `total` until COMPLETE.
        processed: u64,
        total: u32,
        failed: u64,
        files_per_second: f64,
        /// `null` while nothing can be said.
        eta_seconds: Option<u64>,
    },
    MatchFound {
        /// File index and ordinal in the file. A repeat is the same match: drop it.
        match_id: String,
        data: FoundMatch,
    },
    FileFailed {
        /// Index of the file. A repeat is the same failure: drop it.
        file: u32,
        data: Failure,
    },
    /// Answer to `resume`: the session as it is now and one page of what was found so far. Frames may come twice or late:
    /// once the end is known, one that says that the session goes on is no answer to a later `resume`.
    Snapshot {
        state: SessionState,
        total: u32,
        processed: u64,
        failed: u64,
        total_matches: u64,
        matches: Vec<Listed>,
        failures: Vec<ListedFailure>,
        /// Send it with the next `resume` for the next page; `null` on the last.
        cursor: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        download_url: Option<String>,
        /// Why a FAILED session failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whether the session waits for `renew_token`. Left out where it does not.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        paused: bool,
    },
    /// The scan has ended and the report is there. Told again after a fault, with the same words: a repeat is the
    /// same end.
    Complete {
        download_url: String,
        total_matches: u64,
        /// Files with a result, failed ones included.
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

/// One code in one place of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FoundMatch {
    /// As it was written in the list of codes.
    pub hole_code: String,
    pub file_name: String,
    /// How many distinct codes the file holds: `1 Code`, `2 Codes`, …
    pub status: String,
    /// Where the file can be opened.
    pub pdf_link: String,
    /// `12` (a page), `Sheet1!B7` (a cell), `line 40`.
    pub page: String,
    /// The text around it, at most about 100 characters.
    pub snippet: String,
}

/// A match within a SNAPSHOT.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Listed {
    pub match_id: String,
    pub data: FoundMatch,
}

/// A failure within a SNAPSHOT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListedFailure {
    pub file: u32,
    pub data: Failure,
}

/// A file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub file_name: String,
    /// For the person who owns the file.
    pub reason: String,
}

/// Where a session stands.
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

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// From the first file handed out to the last result.
    pub duration_seconds: f64,
    pub files: u64,
    /// Bytes of the files that were read.
    pub bytes: u64,
    /// Pages and sheets that were read.
    pub pages: u64,
    /// Where calls are paid for: what was used until the report was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
    /// What that costs by the deployment's price table: an estimate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// What a session used, in the units AWS bills. Storage that stays, traffic, and what clients ask for themselves
/// are not in it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Used {
    /// Invocations of functions.
    pub invocations: u64,
    /// Time of functions × their memory.
    pub gb_seconds: f64,
    /// By 64 KB.
    pub queue_requests: u64,
    pub table_write_units: u64,
    pub table_read_units: f64,
    /// Objects written, and listings.
    pub object_writes: u64,
    pub object_reads: u64,
    /// Frames pushed, by 32 KB.
    pub socket_messages: u64,
    pub key_requests: u64,
    /// Pages read by OCR that is paid by the page.
    pub ocr_pages: u64,
}

/// An estimate, by kind of service.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Cost {
    /// `USD`.
    pub currency: String,
    /// Whose prices.
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

/// Which kind of thing went wrong. A client may act on it; `message` is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// The message cannot be understood or asks for something impossible.
    BadRequest,
    /// No such session, or another tenant's.
    NotFound,
    /// The request id was used for a different request.
    RequestIdReused,
    /// The session cannot do that in the state it is in.
    WrongState,
    /// The scan could not be done.
    ScanFailed,
    /// The session has paused: send `renew_token`. Told when it pauses, and now and then while it waits.
    TokenExpired,
    /// The tenant may do no more of this now: the message says when it may again.
    QuotaExceeded,
    /// Try the same again.
    Unavailable,
}

/// The last line of `riffle scan --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "SUMMARY")]
pub struct Summary {
    pub session_id: String,
    pub total: u64,
    /// Files with a result, failed ones included.
    pub processed: u64,
    pub failed: u64,
    pub matches: u64,
    pub seconds: f64,
    /// Path of the report, `null` if none was asked for.
    pub report: Option<String>,
}
