//! `--codes`: a file that lists codes, or the codes themselves.

use std::path::Path;

use bytes::Bytes;
use riffle_scan::codes::{self, Detected};
use riffle_scan::matching::CodeList;

use crate::error::Problem;

/// All codes of all arguments, cleaned, and what was taken for codes in files.
pub fn read(arguments: &[String]) -> Result<(Vec<String>, Vec<String>), Problem> {
    let mut given = Vec::new();
    let mut notes = Vec::new();
    for argument in arguments {
        let (codes, note) = one(argument)?;
        given.extend(codes);
        notes.extend(note);
    }
    let list = CodeList::new(given).map_err(|error| Problem::new(format!("--codes: {error}")))?;
    Ok((list.spellings().to_vec(), notes))
}

fn one(argument: &str) -> Result<(Vec<String>, Option<String>), Problem> {
    let path = Path::new(argument);
    match std::fs::read(path) {
        Ok(content) => {
            let (codes, detected) = codes::detect(argument, &Bytes::from(content))
                .map_err(|error| Problem::new(format!("--codes: {error}")))?;
            let note = describe(argument, &detected);
            Ok((codes, Some(note)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !looks_like_a_file(argument) => {
            Ok((codes::from_argument(argument), None))
        }
        Err(error) => Err(Problem::new(format!("--codes {argument}: {error}"))),
    }
}

/// `codes.xlsx: 300 codes from column B ("Hole code") of sheet Register`.
fn describe(name: &str, detected: &Detected) -> String {
    let mut text = format!("{name}: {} codes", detected.count);
    if let Some(column) = &detected.column {
        text += &format!(" from column {column}");
    }
    if let Some(header) = &detected.header {
        text += &format!(" (\"{header}\")");
    }
    if let Some(sheet) = &detected.sheet {
        text += &format!(" of sheet {sheet}");
    }
    text
}

/// A misspelt file name must not be searched for as a code.
fn looks_like_a_file(argument: &str) -> bool {
    const KNOWN: [&str; 9] = ["txt", "csv", "tsv", "xlsx", "xlsm", "xls", "xlsb", "ods", "list"];
    argument.contains('/')
        || Path::new(argument)
            .extension()
            .and_then(|extension| extension.to_str())
            .is_some_and(|extension| KNOWN.contains(&extension.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_misspelt_files_are_told_apart() {
        assert_eq!(one("A-1, A-2.5").expect("codes").0, ["A-1", "A-2.5"]);
        assert!(one("no-such-file.xlsx").is_err());
        assert!(one("no/such/file").is_err());
    }
}
