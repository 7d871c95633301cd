//! The result of one file: the record that is stored, announced and reported.

use bytes::Bytes;
use riffle_extract::{ExtractError, Extracted, FileFormat, Unread};
use riffle_ports::{ObjectStore, PortError, ReadError, ResultBody, SessionId, StoredResult};
use serde::{Deserialize, Serialize};

use crate::matching::{Findings, Match, Misread};
use crate::search::Searched;
use crate::state::request::{digest, keys};

/// One file's result.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FileResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FileFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<FileFormat>,
    pub bytes: u64,
    pub pages: u32,
    /// Parts that could not be read and may hold a code.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<Unread>,
    /// Number of such parts beyond those listed.
    pub unread_more: u32,
    /// Number of distinct codes found.
    pub codes: u32,
    /// Number of matches beyond those listed.
    pub unlisted: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<Match>,
    /// Codes that the file may hold although they were not found, because OCR may have misread them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub misread: Vec<Misread>,
}

/// The reason a file has no findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFailure {
    pub code: FailureCode,
    /// For the person who owns the file.
    pub reason: String,
}

/// The kinds of failure, for counting them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    Changed,
    Missing,
    Denied,
    TooLarge,
    Empty,
    Unsupported,
    Encrypted,
    Damaged,
    /// The parser panicked: a fault of this program.
    Parser,
    /// Reading it ended the process more than once.
    Killed,
    /// It was not read before the session's deadline.
    Timeout,
}

impl FileResult {
    pub fn read(searched: Searched) -> Self {
        match searched.outcome {
            Ok((extracted, findings)) => Self::found(searched.bytes, extracted, findings),
            Err(error) => Self::unreadable(searched.bytes, &error),
        }
    }

    pub fn found(bytes: u64, extracted: Extracted, findings: Findings) -> Self {
        Self {
            failure: None,
            kind: Some(extracted.kind),
            bytes,
            pages: extracted.pages,
            unread: extracted.unread,
            unread_more: extracted.unread_more,
            codes: findings.codes,
            unlisted: findings.unlisted,
            matches: findings.matches,
            misread: findings.misread,
        }
    }

    pub fn failed(code: FailureCode, reason: impl Into<String>) -> Self {
        Self { failure: Some(FileFailure { code, reason: reason.into() }), ..Self::default() }
    }

    pub fn unreadable(bytes: u64, error: &ExtractError) -> Self {
        let code = match error {
            ExtractError::Empty => FailureCode::Empty,
            ExtractError::Unsupported(_)
            | ExtractError::Invalid(_)
            | ExtractError::OtherKind(_)
            | ExtractError::OcrOff
            | ExtractError::Nothing(_) => FailureCode::Unsupported,
            ExtractError::Encrypted => FailureCode::Encrypted,
            ExtractError::Damaged(_) => FailureCode::Damaged,
            ExtractError::TooLarge(_) => FailureCode::TooLarge,
            ExtractError::Panicked(_) => FailureCode::Parser,
        };
        let reason = match error {
            // The message of a parser's panic is for the developers who fix the parser.
            ExtractError::Panicked(message) => {
                format!("it could not be parsed: it may be damaged, or have unexpected content ({message})")
            }
            error => error.to_string(),
        };
        Self { bytes, ..Self::failed(code, reason) }
    }

    /// Turns a source's error about a file into the file's result.
    ///
    /// # Errors
    /// The source itself failed, or the token expired. Neither says anything about the file.
    pub fn unavailable(error: &ReadError) -> Result<Self, PortError> {
        let code = match error {
            ReadError::Port(error) => return Err(error.clone()),
            ReadError::Changed => FailureCode::Changed,
            ReadError::Missing | ReadError::NotUploaded => FailureCode::Missing,
            ReadError::Denied(_) => FailureCode::Denied,
            ReadError::TooLarge { .. } | ReadError::TooLargeToExport(_) => FailureCode::TooLarge,
            ReadError::Unsupported(_) => FailureCode::Unsupported,
            // Says nothing about the file: the worker pauses the session instead.
            ReadError::TokenExpired => return Err(PortError::Unavailable(error.to_string())),
        };
        Ok(Self::failed(code, error.to_string()))
    }

    /// Converts the result for the ledger. A record too long to be inline is put into the object store first.
    pub async fn store(
        &self,
        objects: &dyn ObjectStore,
        session: &SessionId,
        index: u32,
    ) -> Result<StoredResult, PortError> {
        let json = serde_json::to_string(self).expect("a result is plain data");
        let body = if json.len() <= ResultBody::MAX_INLINE {
            ResultBody::Inline(json)
        } else {
            let key = keys::result(session, index, &digest(json.as_bytes()));
            objects.put(&key, Bytes::from(json)).await?;
            ResultBody::Object(key)
        };
        Ok(StoredResult {
            failed: self.failure.is_some(),
            matches: u32::try_from(self.matches.len()).unwrap_or(u32::MAX),
            bytes: self.bytes,
            pages: self.pages,
            body,
        })
    }

    pub async fn load(objects: &dyn ObjectStore, stored: &StoredResult) -> Result<Self, PortError> {
        let broken =
            |error: serde_json::Error| PortError::Broken(format!("a stored result cannot be read: {error}"));
        match &stored.body {
            ResultBody::Inline(json) => serde_json::from_str(json).map_err(broken),
            ResultBody::Object(key) => match objects.get(key).await? {
                Some(json) => serde_json::from_slice(&json).map_err(broken),
                None => Err(PortError::Broken(format!("result {key} is missing"))),
            },
        }
    }
}
