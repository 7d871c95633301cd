//! The requests and responses of the HTTP API for statements. Amounts are decimal strings with the scale of the source;
//! days are `YYYY-MM-DD`, months `YYYY-MM`.

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
    /// Request the next page with it; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// The phase of a statement file, in the terms of the statements flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatementPhase {
    /// The file is in the bucket and waits for processing.
    Received,
    Processing,
    Processed,
    /// Processed, but a person should review it: `review` gives the reasons.
    Review,
    /// The file is not a statement: `reason` says why.
    Rejected,
    /// The file could not be processed: `reason` says why. A redrive may succeed.
    Failed,
    Deleting,
    Deleted,
}

/// A statement file and the result of its processing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementFile {
    /// The processing id.
    pub id: String,
    /// Empty once the file is deleted.
    pub name: String,
    pub size: u64,
    pub state: WorkState,
    pub detail: StatementPhase,
    pub received_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// The file format, such as `CSV` or `OFX`.
    pub format: Option<String>,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub accounts: Vec<FileAccount>,
    /// The first 100 warnings.
    pub warnings: Vec<FileWarning>,
    pub more_warnings: u64,
    /// The reasons why a person should review the file.
    pub review: Vec<String>,
    pub reason: Option<String>,
    /// Permanent failures of work on this file, with the stage of each.
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
    /// Whether the balances agree with the amounts; `null` if the file states no balances.
    pub balanced: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileWarning {
    /// The position in the file, such as `line 12`.
    pub place: String,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileError {
    pub stage: String,
    pub reason: String,
    pub at: DateTime<Utc>,
}

/// Announces a statement file before its upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewFile {
    /// File name: at most 255 bytes of UTF-8, without control characters.
    #[schema(
        max_length = 255,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$"
    )]
    pub name: String,
    /// Size in bytes, at most 4 GiB.
    #[schema(minimum = 1, maximum = 4_294_967_296_i64)]
    #[serde(deserialize_with = "whole")]
    pub size: u64,
    /// The account of rows for which the file names none. At most 128 bytes of UTF-8, without control characters.
    #[serde(default)]
    #[schema(max_length = 128, pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$")]
    pub account: Option<String>,
}

/// The form that uploads a file: `POST` it as `multipart/form-data`, these fields first, then `file`. The file appears
/// in the list once it has arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileForm {
    pub url: String,
    pub fields: BTreeMap<String, String>,
}

/// The events of a file, oldest first.
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
    /// Request the next page with it; `null` on the last page. A page that is short or empty is not necessarily the
    /// last.
    pub next_cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransactionItem {
    /// Stable, and unique within the tenant.
    pub id: String,
    pub account: String,
    pub date: NaiveDate,
    pub value_date: Option<NaiveDate>,
    /// Negative if money goes out.
    pub amount: String,
    pub currency: String,
    /// The description, as the bank wrote it.
    pub description: String,
    /// The description in a readable form.
    pub clean: String,
    pub counterparty: Option<String>,
    pub balance: Option<String>,
    pub kind: Option<String>,
    pub reference: Option<String>,
    /// `null` if no rule matches.
    pub category: Option<String>,
    /// The source of the category, such as `rule 3`.
    pub category_source: Option<String>,
    /// The processing id of the file that supplied the transaction.
    pub file: String,
    /// The position in that file, such as `line 12`.
    pub place: String,
}

/// The tenant's accounts and the categories in use, for filters.
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

/// The sums of one account in one currency for one month.
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
    /// `null` for transactions without a category.
    pub category: Option<String>,
    pub count: u64,
    pub sum: String,
}

/// The tenant's categorisation rules, as YAML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rules {
    /// A list `rules` of at most 2,000 rules, in at most 256 KiB of UTF-8.
    #[schema(format = "riffle-rules", max_length = 262_144)]
    pub yaml: String,
}

/// Dead letters: messages that failed too often. Oldest first, as far as the queues give the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    pub letters: Vec<DeadLetterItem>,
    /// Whether there may be more dead letters than listed: redrive these first, or request a higher `limit`.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterItem {
    pub id: String,
    /// The flow that the message belongs to, such as `statements`.
    pub flow: String,
    /// The function in which the message failed.
    pub stage: String,
    pub event_type: Option<String>,
    /// The id of the scan or statement file that the message is about.
    pub subject: Option<String>,
    /// The subject's name for people: the name of a file.
    pub subject_name: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// The reason of the failure, if known.
    pub reason: Option<String>,
}

/// Selects the dead letters to redrive. If both fields are given, both must match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedriveRequest {
    /// Selects only dead letters of this flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[a-z]{1,32}$")]
    pub flow: Option<String>,
    /// Omit to select all of the tenant's dead letters.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub ids: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    pub count: u64,
}

/// The state of the processing of a file, for programs that wait for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProcessingState {
    Processing,
    Completed,
    Failed,
    /// Completed, but a person should review the file.
    Review,
}

/// How far one file was processed, with the fields of its flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProcessingStatus {
    pub processing_id: String,
    pub status: ProcessingState,
    #[serde(flatten)]
    pub of: ProcessingOf,
}

/// The flow's own fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "flow", rename_all = "snake_case")]
pub enum ProcessingOf {
    Statements(StatementStatus),
}

/// The result of the processing of a statement file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementStatus {
    pub created_at: DateTime<Utc>,
    /// `null` while the file is being processed.
    pub completed_at: Option<DateTime<Utc>>,
    pub file_info: StatementFileInfo,
    pub rows: u64,
    pub new: u64,
    pub duplicates: u64,
    pub accounts: Vec<FileAccount>,
    /// The reasons why a person should review the file.
    pub review: Vec<String>,
    /// The reason why processing failed.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatementFileInfo {
    pub filename: String,
    pub size_bytes: u64,
    /// The file format, such as `CSV` or `OFX`; `null` until it is known.
    pub format: Option<String>,
}
