//! What a client asks for, routed by `action`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One message of a client. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    StartScan(Box<StartScan>),
    /// Listen to a session again and get a SNAPSHOT of it. `cursor` continues one.
    Resume {
        session_id: String,
        cursor: Option<String>,
    },
    CancelScan {
        session_id: String,
    },
    /// A fresh Google Drive token for a session, which goes on if it has paused. Answered with SNAPSHOT.
    RenewToken {
        session_id: String,
        token: Secret,
    },
    /// Keeps the connection open. Answered with PONG.
    Ping {
        session_id: Option<String>,
    },
}

/// Starts a scan of one source for a list of codes, or retries a finished one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StartScan {
    /// Made by the client, at most 128 characters: a retry under the same one is the same scan. Without it
    /// the server makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Source: folders on the server's own machine, absolute paths. Local platform only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<String>,
    /// Source: a folder of the uploads bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Source: files uploaded for this scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// Source: a Google Drive folder, by its id, read with `token`. Without it `token` means the configured folder,
    /// else My Drive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder_id: Option<String>,
    /// Google Drive access token: never stored in clear, queued or logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// In place of source, codes and options: a COMPLETE session, whose files that failed are read again. What
    /// it read is kept. Of a Google Drive folder with a fresh `token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_of: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub target_hole_codes: Vec<String>,
    /// Base64 of a workbook, CSV or text file that lists codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_content: Option<String>,
    /// An uploaded file that lists codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codes_key: Option<String>,
    pub options: Options,
}

/// What must not reach a log: it prints as stars.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// How a scan reads and compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Options {
    #[serde(rename = "match")]
    pub matching: MatchMode,
    pub ocr: OcrMode,
    /// Whether the report shows a picture of each code where it stands on a page.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub evidence: bool,
}

/// What counts as finding a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MatchMode {
    /// The code stands alone: no letter, digit or underscore touches it.
    #[default]
    Token,
    /// The code stands anywhere, also inside a longer word.
    Substring,
}

/// Whether pictures of text are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OcrMode {
    #[default]
    Off,
    Auto,
}
