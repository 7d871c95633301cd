//! What the HTTP API takes and answers. Field names are fixed: other people's clients read them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::strict::{objects, whole};
use crate::{Listed, ListedFailure, Options, Receipt};

/// Why a request was not served, as RFC 9457 has it (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`, or `/problems/NAME` for one that clients may want to tell from others.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short, the same for every problem of this type.
    pub title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// One sentence for a person, which says what to do.
    pub detail: String,
}

/// The platform lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// By name. Empty where the cloud watches the queues.
    pub queues: BTreeMap<String, QueueCounts>,
}

/// Messages of one queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    pub ready: u64,
    pub in_flight: u64,
    pub waiting: u64,
}

/// What this deployment can do, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Config {
    pub version: String,
    pub place: DeployedAt,
    /// What a scan may read.
    pub sources: Vec<SourceKind>,
    pub ocr: OcrConfig,
    pub limits: Limits,
    pub socket: SocketConfig,
    /// The flows that are here, by name, such as `scan` and `statements`. Nothing of the others is served.
    pub flows: Vec<String>,
    /// Who asks has to sign in here first. Left out: whoever reaches the page may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
}

/// Where people sign in: OpenID Connect with PKCE. Every request but those for `/api/config`, `/api/health` and the
/// description of the API carries the id token as `Authorization: Bearer …`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    pub authorize_url: String,
    pub token_url: String,
    /// Takes the refresh token of who signs out (RFC 7009). Left out where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    pub logout_url: String,
    pub client_id: String,
    /// Separated by spaces.
    pub scope: String,
}

/// Where the platform runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeployedAt {
    Local,
    Aws,
}

/// A kind of place a scan may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Folders,
    Upload,
    /// Folders of the uploads bucket.
    Prefix,
    /// Google Drive folders.
    Drive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OcrConfig {
    /// Whether `ocr: auto` reads anything.
    pub available: bool,
}

/// The most of each that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Different codes of one scan.
    pub codes: u64,
    /// Bytes of a file that lists codes.
    pub codes_file_bytes: u64,
    /// Files of one upload.
    pub upload_files: u64,
    /// Bytes of one uploaded file.
    pub upload_file_bytes: u64,
    /// Files declared in one request.
    pub upload_batch: u64,
    /// Bytes of each part but the last of a file that comes in parts. A file above it does.
    pub part_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketConfig {
    /// Where to connect with a ticket: relative to the page, or a whole address.
    pub path: String,
    /// An older connection is closed (1001).
    pub max_age_seconds: u64,
    /// One on which nothing was said for so long is closed (1001).
    pub idle_seconds: u64,
}

/// Opens one WebSocket: `GET /ws?ticket=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    pub expires_at: DateTime<Utc>,
}

/// An address at which content can be fetched without signing in, by whoever has it, until then. Not to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownloadLink {
    pub url: String,
    /// `null`: it does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A folder of the server's own machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderListing {
    /// Absolute.
    pub path: String,
    /// `null` at the root.
    pub parent: Option<String>,
    /// By name, at most 1,000.
    pub folders: Vec<FolderEntry>,
    /// Files directly in it.
    pub files: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderEntry {
    pub name: String,
    pub path: String,
}

/// What was understood of a list of codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnderstoodCodes {
    /// Goes into `start_scan`.
    pub codes_key: String,
    /// Different codes.
    pub total: u64,
    /// The first 100, as they are written.
    pub codes: Vec<String>,
    /// Repeats, which count once.
    pub duplicates: u64,
    /// Letters of the column they stand in; `null` for plain text and for a table of nothing but codes.
    pub column: Option<String>,
    /// Where the file has named sheets.
    pub sheet: Option<String>,
    /// What was not taken for a code, at most 20.
    pub left_out: Vec<LeftOut>,
    pub left_out_total: u64,
}

/// Something in a list that is no code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    pub text: String,
    pub reason: String,
}

/// A place for files, empty yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    pub upload_id: String,
}

/// Where a piece of work stands, in the words that lists and filters of all flows share. `detail` beside it is the
/// flow's own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    Queued,
    Running,
    /// It waits for somebody, and goes on where it stopped.
    Paused,
    /// Done, and a person should look.
    Review,
    Done,
    Failed,
    Cancelled,
}

/// Some of the files that will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeclareFiles {
    /// Number of the first of them, chosen by the client: 0, 1000, … A repeat with the same files is the same
    /// declaration.
    #[schema(multiple_of = 1000, maximum = 99_000)]
    #[serde(deserialize_with = "whole")]
    pub first: u32,
    #[schema(min_items = 1, max_items = 1000)]
    #[serde(deserialize_with = "objects")]
    pub files: Vec<DeclaredFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeclaredFile {
    /// As people shall see it, with `/` between folders. Never a path or key of ours. At most 1,024 bytes of UTF-8.
    #[schema(min_length = 1, max_length = 1024)]
    pub name: String,
    /// In bytes.
    #[schema(maximum = 536_870_912)]
    #[serde(deserialize_with = "whole")]
    pub size: u64,
}

/// How to send each of the declared files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadTargets {
    pub files: Vec<UploadTarget>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadTarget {
    pub number: u32,
    pub upload: SendBy,
}

/// How to send one file. The addresses expire: declare the same again for new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SendBy {
    /// As `multipart/form-data`: these fields, then `file`.
    Single { method: String, url: String, fields: BTreeMap<String, String> },
    /// `PUT` each slice to its address, keep the `ETag` of each answer, then complete.
    Parts { part_bytes: u64, parts: Vec<PartTarget> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartTarget {
    /// From 1.
    pub number: u32,
    pub url: String,
}

/// All parts of a file were sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompleteParts {
    #[schema(min_items = 1, max_items = 10_000)]
    #[serde(deserialize_with = "objects")]
    pub parts: Vec<SentPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentPart {
    #[schema(minimum = 1, maximum = 10_000)]
    #[serde(deserialize_with = "whole")]
    pub number: u32,
    /// As the answer to it had it.
    #[schema(min_length = 1, max_length = 1024)]
    pub etag: String,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadStatus {
    pub upload_id: String,
    /// Files declared.
    pub files: u64,
    pub received: u64,
    /// Numbers of files that were not received, the first 100.
    pub missing: Vec<u32>,
}

/// A page of the tenant's scans, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanPage {
    pub scans: Vec<ScanOverview>,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// What a scan does, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanPhase {
    Listing,
    Dispatching,
    Running,
    /// It waits for `renew_token`.
    TokenExpired,
    Finalizing,
    Complete,
    Failed,
    Cancelled,
}

/// A scan in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanOverview {
    pub session_id: String,
    pub state: WorkState,
    pub detail: ScanPhase,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    /// `null` for one that did not complete.
    pub finished_at: Option<DateTime<Utc>>,
    /// Files; `null` while they are being listed.
    pub total: Option<u32>,
    /// Files with a result, failed ones included. Below `total` until the scan is done.
    pub processed: u64,
    pub failed: u64,
    pub matches: u64,
    /// What was scanned, as a person would say it.
    pub source: String,
    /// How many codes were looked for.
    pub codes: u64,
    pub retry_of: Option<String>,
    /// Why a failed scan failed.
    pub reason: Option<String>,
    /// Where the report of a scan that is done can be fetched.
    pub download_url: Option<String>,
}

/// A scan with all that is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanDetail {
    #[serde(flatten)]
    pub overview: ScanOverview,
    pub options: Options,
    /// The kind of place that was read. What is read of `drive` needs a token, a retry too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_kind: Option<SourceKind>,
    /// What a scan that is done used.
    pub receipt: Option<Receipt>,
    /// Files that could not be read, or not every part of them. Of a scan that is done only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_files: Option<u64>,
}

/// Matches in the order of the files, then of the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchPage {
    pub matches: Vec<Listed>,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// Files that could not be read, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailurePage {
    pub failures: Vec<ListedFailure>,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
}

/// Codes in the order of their list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodePage {
    pub codes: Vec<CodeEntry>,
    /// For the next page; `null` on the last.
    pub next_cursor: Option<String>,
    /// Of all codes, whatever was asked for.
    pub counts: CodeCounts,
}

/// What is known of one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeEntry {
    pub code: String,
    pub state: CodeState,
    /// Files it was found in.
    pub files: u64,
    pub matches: u64,
    /// Of an unknown code: the files it may stand in, for they were not read, or not wholly.
    pub unread_files: u64,
    /// Of an unknown code: what OCR read somewhere and may be it, such as `HOLE-l2` for `HOLE-12`. At most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misread: Vec<String>,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    Found,
    /// Every page of every file was read, and it is not there.
    Absent,
    /// Not found, and not everything was read, or OCR may have misread it.
    Unknown,
    /// Not found yet, and the scan is not done.
    Pending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CodeCounts {
    pub found: u64,
    pub absent: u64,
    pub unknown: u64,
    pub pending: u64,
}

/// Where a match stands, to be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    pub match_id: String,
    pub hole_code: String,
    pub file_name: String,
    /// As in the match.
    pub page: String,
    pub snippet: String,
    pub kind: EvidenceKind,
    /// From 1, where it stands on a page.
    pub page_number: Option<u32>,
    /// Of the page, in points; 0 where there is none.
    pub width: f64,
    pub height: f64,
    pub boxes: Vec<EvidenceBox>,
    /// A picture of the page.
    pub image_url: Option<String>,
    /// Why there is text alone, or a page without boxes.
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    Page,
    Text,
}

/// A part of a page, as fractions of its width and height from its top left corner: 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceBox {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}
