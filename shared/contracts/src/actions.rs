//! The requests of clients on the WebSocket, routed by `action`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message from a client. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    StartScan(Box<StartScan>),
    /// Subscribes to a session again and returns a SNAPSHOT of it. `cursor` requests the next page.
    Resume {
        session_id: String,
        cursor: Option<String>,
    },
    CancelScan {
        session_id: String,
    },
    /// Supplies a fresh Google Drive token for a session. A paused session continues. Answered with SNAPSHOT.
    RenewToken {
        session_id: String,
        token: Secret,
    },
    /// Keeps the connection open. Answered with PONG.
    Ping {
        session_id: Option<String>,
    },
}

/// Starts a scan of one source for a list of codes, or retries a finished scan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StartScan {
    /// An idempotency key chosen by the client, at most 128 characters: a retry with the same key is the same scan.
    /// Without it the server generates one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Source: folders on the server's machine, as absolute paths. Local platform only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// Source: a folder of the uploads bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Source: files uploaded for this scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// Source: a Google Drive folder, by its id, read with `token`. If only `token` is given, the source is the
    /// configured folder, or My Drive if none is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<String>,
    /// Google Drive access token. Never stored in clear text, queued or logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Replaces source, codes and options: the id of a COMPLETE session whose failed files are read again. The results
    /// of the other files are kept. If the session reads Google Drive, a fresh `token` is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_hole_codes: Vec<String>,
    /// A workbook, CSV or text file that lists codes, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_content: Option<String>,
    /// An uploaded file that lists codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes_key: Option<String>,
    pub options: Options,
}

/// A value that must not reach a log: its debug output is stars.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// The options for reading and matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Options {
    #[serde(rename = "match")]
    pub matching: MatchMode,
    pub ocr: OcrMode,
    /// Whether the report shows a picture of each code at its position on the page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub evidence: bool,
}

/// The rule by which a code matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchMode {
    /// The code is a whole token: no letter, digit or underscore touches it.
    #[default]
    Token,
    /// The code matches anywhere, also inside a longer word.
    Substring,
}

/// Whether OCR reads pictures of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OcrMode {
    #[default]
    Off,
    Auto,
}
