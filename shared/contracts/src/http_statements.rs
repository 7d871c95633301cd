//! What the HTTP API takes and answers about statements. Amounts are decimal strings, as the source wrote their
//! scale; days are `YYYY-MM-DD`, months `YYYY-MM`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::WorkState;
use crate::strict::whole;

/// A page of the tenant's statement files, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementFilePage {
    pub files: Vec<StatementFile>,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// What becomes of a statement file, in the flow's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementPhase {
    /// It lies in the bucket and waits.
    Received,
    Processing,
    Processed,
    /// Processed, and a person should look: `review` says why.
    Review,
    /// No statement: `reason` says why.
    Rejected,
    /// It could not be processed now: `reason` says why, and a redrive may mend it.
    Failed,
    Deleting,
    Deleted,
}

/// A statement file and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementFile {
    /// The processing id.
    pub id: String,
    /// Empty once deleted.
    pub name: String,
    pub size: u64,
    pub state: WorkState,
    pub detail: StatementPhase,
    pub received_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// Such as `CSV` or `OFX`.
    pub format: Option<String>,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub accounts: Vec<FileAccount>,
    /// The first hundred.
    pub warnings: Vec<FileWarning>,
    pub more_warnings: u64,
    /// Why a person should look.
    pub review: Vec<String>,
    pub reason: Option<String>,
    /// What failed for good behind it, by stage.
    pub errors: Vec<FileError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileAccount {
    pub account: String,
    pub currency: Option<String>,
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub rows: u64,
    pub opening: Option<String>,
    pub closing: Option<String>,
    /// `null`: the file does not tell its balances.
    pub balanced: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileWarning {
    /// Such as `line 12`.
    pub place: String,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileError {
    pub stage: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Announces a statement that is about to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewFile {
    /// At most 255 bytes of UTF-8, without control characters.
    #[schema(
        max_length = 255,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    pub name: String,
    /// In bytes, at most 4 GiB.
    #[schema(minimum = 1, maximum = 4_294_967_296_i64)]
    #[serde(deserialize_with = "whole")]
    pub size: u64,
    /// The account of rows for which the file names none. At most 128 bytes of UTF-8, without control characters.
    #[serde(default)]
    #[schema(max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    pub account: Option<String>,
}

/// Where to send it: `POST` as `multipart/form-data`, these fields first, then `file`. It shows among the files when
/// it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileForm {
    pub url: String,
    pub fields: BTreeMap<String, String>,
}

/// What happened to a file, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Timeline {
    pub events: Vec<TimelineEvent>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEvent {
    pub event_id: String,
    pub event_type: String,
    pub at: DateTime<Utc>,
    /// One sentence for a person.
    pub text: String,
}

/// A page of transactions, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionPage {
    pub transactions: Vec<TransactionItem>,
    /// For the next page; `null` on the last. A page may be short or empty and yet not the last.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionItem {
    /// Stable; unique in the tenant's.
    pub id: String,
    pub account: String,
    pub date: NaiveDate,
    pub value_date: Option<NaiveDate>,
    /// Negative: money went out.
    pub amount: String,
    pub currency: String,
    /// As the bank wrote it.
    pub description: String,
    /// Made readable.
    pub clean: String,
    pub counterparty: Option<String>,
    pub balance: Option<String>,
    pub kind: Option<String>,
    pub reference: Option<String>,
    /// `null`: none of the rules fits.
    pub category: Option<String>,
    /// What decided it, such as `rule 3`.
    pub category_source: Option<String>,
    /// The file that brought it.
    pub file: String,
    /// Where in that file, such as `line 12`.
    pub place: String,
}

/// The accounts of the tenant and the categories in use, for filters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Facets {
    pub accounts: Vec<String>,
    pub categories: Vec<String>,
}

/// Sums by month, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiguresAnswer {
    pub months: Vec<MonthFigures>,
}

/// One month of one account in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MonthFigures {
    pub month: String,
    pub account: String,
    pub currency: String,
    pub count: u64,
    pub money_in: String,
    pub money_out: String,
    pub categories: Vec<CategoryFigures>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CategoryFigures {
    /// `null`: uncategorised.
    pub category: Option<String>,
    pub count: u64,
    pub sum: String,
}

/// The tenant's rules, as YAML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    /// A list `rules` of at most 2,000, in at most 256 KB of UTF-8.
    #[schema(format = "riffle-rules", max_length = 262_144)]
    pub yaml: String,
}

/// Messages that failed too often, the oldest first as far as the queues tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    pub letters: Vec<DeadLetterItem>,
    /// There are more than are shown: hand these out again, or ask for more at once.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterItem {
    pub id: String,
    /// The flow it belongs to, such as `statements`.
    pub flow: String,
    /// The function in which it failed.
    pub stage: String,
    pub event_type: Option<String>,
    /// What it is about: the id of a scan or of a statement file.
    pub subject: Option<String>,
    /// How people call that: the name of a file.
    pub subject_name: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// Why it failed, as far as it was told.
    pub reason: Option<String>,
}

/// Which dead letters to hand out again. All that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedriveRequest {
    /// Only those of this flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z]{1,32}$")]
    pub flow: Option<String>,
    /// Left out: all of the tenant's.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub ids: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    pub count: u64,
}

/// How work on a file stands, for programs that wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingState {
    Processing,
    Completed,
    Failed,
    /// Completed, and a person should look.
    Review,
}

/// How work on one file stands, with the fields of its flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessingStatus {
    pub processing_id: String,
    pub status: ProcessingState,
    #[serde(flatten)]
    pub of: ProcessingOf,
}

/// What else there is to know, by flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "flow", rename_all = "snake_case")]
pub enum ProcessingOf {
    Statements(StatementStatus),
}

/// What became of a statement file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementStatus {
    pub created_at: DateTime<Utc>,
    /// `null` while it is being processed.
    pub completed_at: Option<DateTime<Utc>>,
    pub file_info: StatementFileInfo,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub accounts: Vec<FileAccount>,
    /// Why a person should look.
    pub review: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementFileInfo {
    pub filename: String,
    pub size_bytes: u64,
    /// Such as `CSV` or `OFX`; `null` until that is known.
    pub format: Option<String>,
}
