//! The requests and responses of the HTTP API. Field names are fixed, because external clients read them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::strict::{objects, whole};
use crate::{Listed, ListedFailure, Options, Receipt};

/// The reason why a request failed, in the format of RFC 9457 (`application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `about:blank`, or `/problems/NAME` for a problem that clients may want to distinguish.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short summary, identical for every problem of this type.
    pub title: String,
    /// The HTTP status code.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// One sentence for a person that says what to do.
    pub detail: String,
}

/// The state of a running platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    pub status: String,
    /// Message counts by queue name. Empty on AWS, where the cloud monitors the queues.
    pub queues: BTreeMap<String, QueueCounts>,
}

/// The numbers of messages in one queue, by state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueCounts {
    pub ready: u64,
    pub in_flight: u64,
    pub waiting: u64,
}

/// The capabilities and limits of this deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Config {
    pub version: String,
    pub place: DeployedAt,
    /// The kinds of sources that a scan may read.
    pub sources: Vec<SourceKind>,
    pub ocr: OcrConfig,
    pub limits: Limits,
    pub socket: SocketConfig,
    /// The names of the flows of this deployment, such as `scan` and `statements`. Routes of other flows are not
    /// served.
    pub flows: Vec<String>,
    /// Where users sign in before they use the API. Omitted if no sign-in is needed: everyone who can reach the page
    /// may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignIn>,
}

/// The sign-in endpoints: OpenID Connect with PKCE. Every request carries the ID token as `Authorization: Bearer …`,
/// except those for `/api/config`, `/api/health` and the description of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIn {
    pub authorize_url: String,
    pub token_url: String,
    /// The endpoint that revokes the refresh token at sign-out (RFC 7009). Omitted if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_url: Option<String>,
    pub logout_url: String,
    pub client_id: String,
    /// Scopes, separated by spaces.
    pub scope: String,
}

/// The platform of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeployedAt {
    Local,
    Aws,
}

/// A kind of source that a scan may read.
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
    /// Whether OCR is available, so that `ocr: auto` has an effect.
    pub available: bool,
}

/// The upper limits of this deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Distinct codes in one scan.
    pub codes: u64,
    /// Size of a file that lists codes, in bytes.
    pub codes_file_bytes: u64,
    /// Files in one upload.
    pub upload_files: u64,
    /// Size of one uploaded file, in bytes.
    pub upload_file_bytes: u64,
    /// Files declared in one request.
    pub upload_batch: u64,
    /// Size of a part in bytes; the last part may be smaller. A file larger than this is uploaded in parts.
    pub part_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SocketConfig {
    /// The address to connect to with a ticket: relative to the page, or absolute.
    pub path: String,
    /// A connection older than this is closed with code 1001.
    pub max_age_seconds: u64,
    /// A connection without any message for this time is closed with code 1001.
    pub idle_seconds: u64,
}

/// A ticket that opens one WebSocket connection: `GET /ws?ticket=…`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub ticket: String,
    pub expires_at: DateTime<Utc>,
}

/// A link that lets anyone fetch the content without signing in, until it expires. Do not store it or write it to a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DownloadLink {
    pub url: String,
    /// `null` if the address does not expire.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A folder on the server's machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderListing {
    /// An absolute path.
    pub path: String,
    /// `null` at the root.
    pub parent: Option<String>,
    /// Subfolders in the order of their names, at most 1,000.
    pub folders: Vec<FolderEntry>,
    /// Number of files directly in this folder.
    pub files: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderEntry {
    pub name: String,
    pub path: String,
}

/// The result of parsing a list of codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnderstoodCodes {
    /// Pass it to `start_scan`.
    pub codes_key: String,
    /// Number of distinct codes.
    pub total: u64,
    /// The first 100 codes, as written in the file.
    pub codes: Vec<String>,
    /// Number of repeated codes. Each code is searched once.
    pub duplicates: u64,
    /// The letters of the column that contains the codes; `null` for plain text and for a table that contains only
    /// codes.
    pub column: Option<String>,
    /// The sheet that contains the codes, if the file has named sheets.
    pub sheet: Option<String>,
    /// Entries that were not accepted as codes, at most 20.
    pub left_out: Vec<LeftOut>,
    pub left_out_total: u64,
}

/// An entry of a list that is not a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    pub text: String,
    pub reason: String,
}

/// A new, empty upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    pub upload_id: String,
}

/// The state of a piece of work, in the terms that the lists and filters of all flows share. The `detail` field next to
/// it is the flow's own term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    Queued,
    Running,
    /// The work waits for user input and then continues where it stopped.
    Paused,
    /// Done, but a person should review it.
    Review,
    Done,
    Failed,
    Cancelled,
}

/// A batch of the files that will be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeclareFiles {
    /// Number of the first file of this batch, chosen by the client: 0, 1000, … A repeated request with the same files
    /// is the same declaration.
    #[schema(multiple_of = 1000, maximum = 99_000)]
    #[serde(deserialize_with = "whole")]
    pub first: u32,
    #[schema(min_items = 1, max_items = 1000)]
    #[serde(deserialize_with = "objects")]
    pub files: Vec<DeclaredFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeclaredFile {
    /// The name shown to people, with `/` between folders. It is never used as a path or key on the server. At most
    /// 1,024 bytes of UTF-8.
    #[schema(min_length = 1, max_length = 1024)]
    pub name: String,
    /// Size in bytes.
    #[schema(maximum = 536_870_912)]
    #[serde(deserialize_with = "whole")]
    pub size: u64,
}

/// The upload instructions for each of the declared files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadTargets {
    pub files: Vec<UploadTarget>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadTarget {
    pub number: u32,
    pub upload: SendBy,
}

/// The upload instructions for one file. The addresses expire: repeat the declaration to get new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SendBy {
    /// Send the file as `multipart/form-data`: these fields first, then `file`.
    Single { method: String, url: String, fields: BTreeMap<String, String> },
    /// `PUT` each slice of the file to its address, keep the `ETag` of each response, then complete the file.
    Parts { part_bytes: u64, parts: Vec<PartTarget> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartTarget {
    /// Counted from 1.
    pub number: u32,
    pub url: String,
}

/// Completes a file of which all parts were sent.
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
    /// The `ETag` of the response to this part.
    #[schema(min_length = 1, max_length = 1024)]
    pub etag: String,
}

/// The progress of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadStatus {
    pub upload_id: String,
    /// Number of declared files.
    pub files: u64,
    pub received: u64,
    /// Numbers of the first 100 files that were not received.
    pub missing: Vec<u32>,
}

/// A page of the tenant's scans, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanPage {
    pub scans: Vec<ScanOverview>,
    /// Request the next page with it; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// The phase of a scan, in the terms of the scan flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanPhase {
    Listing,
    Dispatching,
    Running,
    /// The scan waits for `renew_token`.
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
    /// `null` if the scan did not complete.
    pub finished_at: Option<DateTime<Utc>>,
    /// Number of files; `null` while they are being listed.
    pub total: Option<u32>,
    /// Files with a result, including failed files. Below `total` until the scan is done.
    pub processed: u64,
    pub failed: u64,
    pub matches: u64,
    /// The source of the scan, as text for people.
    pub source: String,
    /// Number of codes searched.
    pub codes: u64,
    pub retry_of: Option<String>,
    /// The reason why a failed scan failed.
    pub reason: Option<String>,
    /// The address of the report, once the scan is done.
    pub download_url: Option<String>,
}

/// A scan with all details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanDetail {
    #[serde(flatten)]
    pub overview: ScanOverview,
    pub options: Options,
    /// The kind of source that the scan reads. Scanning `drive` needs a token, also for a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_kind: Option<SourceKind>,
    /// The resources that the scan used. Only once the scan is done.
    pub receipt: Option<Receipt>,
    /// Number of files that were not read, or not completely. Only once the scan is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_files: Option<u64>,
}

/// A page of matches, in the order of the files and, within a file, of the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchPage {
    pub matches: Vec<Listed>,
    /// Request the next page with it; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A page of files that could not be read, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailurePage {
    pub failures: Vec<ListedFailure>,
    /// Request the next page with it; `null` on the last page.
    pub next_cursor: Option<String>,
}

/// A page of codes, in the order of the list of codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodePage {
    pub codes: Vec<CodeEntry>,
    /// Request the next page with it; `null` on the last page.
    pub next_cursor: Option<String>,
    /// Counts of all codes of the scan, independent of the filter of the request.
    pub counts: CodeCounts,
}

/// The result of one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeEntry {
    pub code: String,
    pub state: CodeState,
    /// Number of files that contain the code.
    pub files: u64,
    pub matches: u64,
    /// For an unknown code: number of files that may contain it, because they were not read, or not completely.
    pub unread_files: u64,
    /// For an unknown code: texts that OCR read and that may be misread forms of the code, such as `HOLE-l2` for
    /// `HOLE-12`. At most 5.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misread: Vec<String>,
}

/// The state of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CodeState {
    Found,
    /// Every page of every file was read, and none contains the code.
    Absent,
    /// Not found, but some files were not read completely, or OCR may have misread the code.
    Unknown,
    /// Not found so far, and the scan is not done.
    Pending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct CodeCounts {
    pub found: u64,
    pub absent: u64,
    pub unknown: u64,
    pub pending: u64,
}

/// The position of a match on its page, for display.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    pub match_id: String,
    pub hole_code: String,
    pub file_name: String,
    /// The position, as in the match.
    pub page: String,
    pub snippet: String,
    pub kind: EvidenceKind,
    /// Counted from 1; `null` if the match is not on a page.
    pub page_number: Option<u32>,
    /// Width of the page in points; 0 if no page is shown.
    pub width: f64,
    pub height: f64,
    pub boxes: Vec<EvidenceBox>,
    /// Address of an image of the page.
    pub image_url: Option<String>,
    /// The reason why there is only text, or a page without boxes.
    pub why: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    Page,
    Text,
}

/// An area of a page, as fractions (0 to 1) of its width and height, measured from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceBox {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}
