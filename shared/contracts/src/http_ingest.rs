//! What the HTTP API takes and answers about statements. Amounts are decimal strings, as the source wrote their
//! scale; days are `YYYY-MM-DD`, months `YYYY-MM`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of the tenant's files, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FilePage {
    pub files: Vec<FileItem>,
    /// For `?after=`, if there are more.
    pub next: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
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

/// A file and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileItem {
    /// The processing id.
    pub id: String,
    /// Empty once deleted.
    pub name: String,
    pub size: u64,
    pub state: FileState,
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
    pub name: String,
    pub size: u64,
    /// The account of rows for which the file names none.
    #[serde(default)]
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
    /// For `?after=`, if there may be more: a page may be short or empty and yet not the last.
    pub next: Option<String>,
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
    pub yaml: String,
}

/// Messages that failed too often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    pub letters: Vec<DeadLetterItem>,
    /// There are more than are shown.
    pub more: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadLetterItem {
    pub id: String,
    /// The function in which it failed.
    pub stage: String,
    pub event_type: Option<String>,
    /// The file it is about.
    pub file: Option<String>,
    pub file_name: Option<String>,
    pub sent_at: DateTime<Utc>,
    /// Why it failed, as far as it was told.
    pub reason: Option<String>,
}

/// Which dead letters to hand out again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedriveRequest {
    /// Left out: all of the tenant's.
    #[serde(default)]
    pub ids: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Redriven {
    pub count: u64,
}
