//! Where a list of codes comes from: typed, pasted, a text file, or a column of a workbook or CSV.
//!
//! What is returned are the codes as somebody spelled them; [`crate::matching::CodeList`] cleans and checks
//! them. A code can hold anything but a comma, a semicolon, a tab or a line break: those part one code from the
//! next wherever lists are plain text. Lines beginning with `#` are codes like others, for `#12` may be one; a
//! stray comment costs no more than one code that is not found.

pub(crate) mod code_lists;
mod column;
mod read;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use riffle_ports::PortError;
use riffle_reader::Reader;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

/// What was taken for the codes of a file, to be shown before a scan starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// Where the file has named sheets.
    pub sheet: Option<String>,
    /// Column letters; none for a plain text file and for a table that holds codes and nothing else.
    pub column: Option<String>,
    /// The words above the codes, which are not a code themselves.
    pub header: Option<String>,
    /// Codes as they stand there, repeats included.
    pub count: usize,
}

/// Why a file gives no codes, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodesError {
    #[error(
        "{name} cannot be read as a list of codes: {reason}. Send a text file with one code a line, a CSV or a workbook"
    )]
    Unreadable { name: String, reason: String },
    #[error("{name} holds no codes. Put one code on each line, or one in each row of a column")]
    Empty { name: String },
    #[error(
        "no column of {name} looks like codes. Give the column a heading such as \"Hole ID\" or \"Code\", \
         or send a text file with one code a line"
    )]
    NoColumn { name: String },
    /// It says nothing about the file.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Reads files that list codes. A port of this flow's own: nobody who is given a list knows of the sandbox that reads it.
#[async_trait]
pub trait CodeFiles: Send + Sync {
    /// The codes of a file and where they were found. At least one. `name` is for messages and a hint of the format,
    /// and may be empty.
    async fn read(&self, name: &str, content: Bytes) -> Result<Listing, CodesError>;
}

/// Reads with a reader, on threads that may wait, and one list after another: a small file may hold a million cells.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the reader holds trait objects")]
pub struct ReaderCodes {
    reader: Arc<Reader>,
    turn: Arc<Semaphore>,
}

impl ReaderCodes {
    pub fn new(reader: Reader) -> Self {
        Self { reader: Arc::new(reader), turn: Arc::new(Semaphore::new(1)) }
    }
}

#[async_trait]
impl CodeFiles for ReaderCodes {
    async fn read(&self, name: &str, content: Bytes) -> Result<Listing, CodesError> {
        let failed = |error: &dyn std::fmt::Display| {
            PortError::Unavailable(format!("a list of codes was not read: {error}"))
        };
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|error| failed(&error))?;
        let (reader, name) = (Arc::clone(&self.reader), name.to_owned());
        let reading = tokio::task::spawn_blocking(move || {
            let listing = look(&reader, &name, &content);
            // Given back by the thread: who asked may have left.
            drop(turn);
            listing
        });
        reading.await.map_err(|error| failed(&error))?
    }
}

/// The codes of an argument such as `A-1,A-2`, or of a pasted list: parted by commas, semicolons, tabs or lines.
pub fn from_argument(argument: &str) -> Vec<String> {
    let codes = argument.split([',', ';', '\t', '\n', '\r']).map(str::trim);
    codes.filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// What stands where codes are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// In the order they stand there.
    pub codes: Vec<String>,
    /// What has neither letter nor digit.
    pub blanks: Vec<String>,
    pub detected: Detected,
}

/// Reads a file that lists codes. Blocks: for who has a thread of their own, see [`CodeFiles`].
pub fn look(reader: &Reader, name: &str, content: &Bytes) -> Result<Listing, CodesError> {
    let shown = if name.is_empty() { "the file" } else { name };
    match read::read(reader, name, shown, content)? {
        read::Content::List(text) => {
            let mut codes = from_argument(&text);
            let header = codes.first().filter(|first| codes.len() > 1 && column::is_header(first)).cloned();
            if header.is_some() {
                codes.remove(0);
            }
            found(shown, codes, None, None, header)
        }
        read::Content::Tables(columns) => {
            let Some(choice) = column::choose(columns) else {
                return Err(CodesError::NoColumn { name: name.to_owned() });
            };
            found(shown, choice.codes, choice.sheet, choice.column, choice.header)
        }
    }
}

fn found(
    name: &str,
    codes: Vec<String>,
    sheet: Option<String>,
    column: Option<String>,
    header: Option<String>,
) -> Result<Listing, CodesError> {
    // A lone dash or the like is how people mark an empty cell.
    let (codes, blanks): (Vec<_>, Vec<_>) =
        codes.into_iter().partition(|code| code.chars().any(char::is_alphanumeric));
    if codes.is_empty() {
        return Err(CodesError::Empty { name: name.to_owned() });
    }
    let count = codes.len();
    Ok(Listing { codes, blanks, detected: Detected { sheet, column, header, count } })
}
