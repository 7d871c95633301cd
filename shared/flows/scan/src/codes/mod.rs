//! Where a list of codes comes from: typed, pasted, a text file, or a column of a workbook or CSV.
//!
//! What is returned are the codes as somebody spelled them; [`crate::matching::CodeList`] cleans and checks
//! them. A code can hold anything but a comma, a semicolon, a tab or a line break: those part one code from the
//! next wherever lists are plain text. Lines beginning with `#` are codes like others, for `#12` may be one; a
//! stray comment costs no more than one code that is not found.

mod column;
mod read;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

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
}

/// The codes of an argument such as `A-1,A-2`, or of a pasted list: parted by commas, semicolons, tabs or lines.
pub fn from_argument(argument: &str) -> Vec<String> {
    let codes = argument.split([',', ';', '\t', '\n', '\r']).map(str::trim);
    codes.filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// The codes of a file, in the order they stand there. `name` is for messages and a hint of the format.
pub fn from_file(name: &str, content: &Bytes) -> Result<Vec<String>, CodesError> {
    detect(name, content).map(|(codes, _)| codes)
}

/// The codes of a file and where they were found. At least one. `name` may be empty.
pub fn detect(name: &str, content: &Bytes) -> Result<(Vec<String>, Detected), CodesError> {
    let list = look(name, content)?;
    Ok((list.codes, list.detected))
}

/// What stands where codes are listed.
pub(crate) struct Listing {
    pub codes: Vec<String>,
    /// What has neither letter nor digit.
    pub blanks: Vec<String>,
    pub detected: Detected,
}

pub(crate) fn look(name: &str, content: &Bytes) -> Result<Listing, CodesError> {
    let shown = if name.is_empty() { "the file" } else { name };
    match read::read(name, shown, content)? {
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
