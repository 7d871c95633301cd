//! Reads lists of codes: typed, pasted, a text file, or a column of a workbook or CSV.
//!
//! The codes are returned as they are spelled in the list; [`crate::matching::CodeList`] cleans and checks them. A code
//! can hold anything except a comma, a semicolon, a tab or a line break: these separate codes wherever lists are plain
//! text. Lines beginning with `#` are codes like any other, because `#12` may be one; a stray comment costs no more
//! than one code that is not found.

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

/// The detected source of the codes in a file, to be shown before a scan starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// The sheet, if the file has named sheets.
    pub sheet: Option<String>,
    /// Column letters; `None` for a plain text file and for a table that holds only codes.
    pub column: Option<String>,
    /// The heading above the codes, which is not a code itself.
    pub header: Option<String>,
    /// Number of codes in the file, repeats included.
    pub count: usize,
}

/// The reason a file gives no codes, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodesError {
    #[error(
        "{name} cannot be read as a list of codes: {reason}. Use a text file with one code per line, a CSV \
         file or a workbook"
    )]
    Unreadable { name: String, reason: String },
    #[error("{name} contains no codes. Put one code on each line, or one in each row of a column")]
    Empty { name: String },
    #[error(
        "no column of {name} looks like codes. Give the column a heading such as \"Hole ID\" or \"Code\", \
         or use a text file with one code per line"
    )]
    NoColumn { name: String },
    /// Says nothing about the file.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Reads files that list codes. A port of this flow: its callers know nothing of the sandbox that reads the list.
#[async_trait]
pub trait CodeFiles: Send + Sync {
    /// Returns the codes of a file, at least one, and where they were found. `name` is used in messages and as a hint
    /// of the format, and may be empty.
    async fn read(&self, name: &str, content: Bytes) -> Result<CodesListing, CodesError>;
}

/// Reads with a reader, on threads that may block, and one list at a time: a small file may hold a million cells.
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
    async fn read(&self, name: &str, content: Bytes) -> Result<CodesListing, CodesError> {
        let failed = |error: &dyn std::fmt::Display| {
            PortError::Unavailable(format!("a list of codes was not read: {error}"))
        };
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(|error| failed(&error))?;
        let (reader, name) = (Arc::clone(&self.reader), name.to_owned());
        let reading = tokio::task::spawn_blocking(move || {
            let listing = look(&reader, &name, &content);
            // The thread returns the permit, because the caller may have gone.
            drop(turn);
            listing
        });
        reading.await.map_err(|error| failed(&error))?
    }
}

/// Splits an argument such as `A-1,A-2`, or a pasted list, into codes: at commas, semicolons, tabs and line breaks.
pub fn from_argument(argument: &str) -> Vec<String> {
    let codes = argument.split([',', ';', '\t', '\n', '\r']).map(str::trim);
    codes.filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// The content of a list of codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodesListing {
    /// In the order of the list.
    pub codes: Vec<String>,
    /// Texts with neither letter nor digit.
    pub blanks: Vec<String>,
    pub detected: Detected,
}

/// Reads a file that lists codes. Blocks: for callers with a thread of their own; otherwise see [`CodeFiles`].
pub fn look(reader: &Reader, name: &str, content: &Bytes) -> Result<CodesListing, CodesError> {
    let shown = if name.is_empty() { "the file" } else { name };
    match read::read(reader, name, shown, content)? {
        read::CodesContent::List(text) => {
            let mut codes = from_argument(&text);
            let header = codes.first().filter(|first| codes.len() > 1 && column::is_header(first)).cloned();
            if header.is_some() {
                codes.remove(0);
            }
            found(shown, codes, None, None, header)
        }
        read::CodesContent::Tables(columns) => {
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
) -> Result<CodesListing, CodesError> {
    // A lone dash or the like is how people mark an empty cell.
    let (codes, blanks): (Vec<_>, Vec<_>) =
        codes.into_iter().partition(|code| code.chars().any(char::is_alphanumeric));
    if codes.is_empty() {
        return Err(CodesError::Empty { name: name.to_owned() });
    }
    let count = codes.len();
    Ok(CodesListing { codes, blanks, detected: Detected { sheet, column, header, count } })
}
