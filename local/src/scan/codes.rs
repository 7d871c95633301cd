//! `--codes`: a file that lists codes, or the codes themselves.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use bytes::Bytes;
use riffle_scan::codes::{self, CodeFiles, Detected};
use riffle_scan::matching::CodeList;

use crate::error::CommandError;
use crate::words;

/// The maximum size of a file that lists codes.
const MAX_BYTES: u64 = 64 << 20;

/// Returns the codes of all arguments, normalised, and for each file a note on what was taken for codes.
pub async fn read(
    files: &dyn CodeFiles,
    arguments: &[String],
) -> Result<(CodeList, Vec<String>), CommandError> {
    let mut given = Vec::new();
    let mut notes = Vec::new();
    for argument in arguments {
        let (codes, note) = one(files, argument).await?;
        given.extend(codes);
        notes.extend(note);
    }
    let all = given.len();
    let list = CodeList::new(given).map_err(|error| CommandError::new(format!("--codes: {error}")))?;
    let repeats = all - list.len();
    if repeats > 0 {
        notes.push(format!(
            "{} different codes: {} left out",
            list.len(),
            words::count(repeats as u64, "repeat")
        ));
    }
    Ok((list, notes))
}

async fn one(files: &dyn CodeFiles, argument: &str) -> Result<(Vec<String>, Option<String>), CommandError> {
    match content(Path::new(argument)) {
        Ok(content) => {
            let list = files.read(argument, Bytes::from(content)).await;
            let list = list.map_err(|error| CommandError::new(format!("--codes: {error}")))?;
            let note = describe(argument, &list.detected);
            // Also when piped: what is not searched for is never left out silently.
            if !list.blanks.is_empty() {
                words::say(&format!("{argument}: {}", unusable(&list.blanks)));
            }
            Ok((list.codes, Some(note)))
        }
        Err(error)
            if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidFilename)
                && !looks_like_a_file(argument) =>
        {
            Ok((codes::from_argument(argument), None))
        }
        Err(error) => {
            Err(CommandError::new(format!("--codes {argument}: {}", words::path_problem(&error, "file"))))
        }
    }
}

fn content(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(std::io::Error::other("a list of codes can have at most 64 MB"));
    }
    Ok(content)
}

/// Describes a list, such as `codes.xlsx: 300 codes from column B ("Hole code") of sheet Register`.
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

/// Describes the entries that are not codes.
fn unusable(entries: &[String]) -> String {
    const SHOWN: usize = 3;
    let first: Vec<&str> = entries.iter().take(SHOWN).map(String::as_str).collect();
    let more = if entries.len() > SHOWN { ", …" } else { "" };
    let what = match entries.len() {
        1 => "1 entry has".to_owned(),
        number => format!("{number} entries have"),
    };
    format!("{what} neither letter nor digit and cannot be searched for: {}{more}", first.join(", "))
}

/// Whether an argument is probably the name of a file: a misspelt one must not be searched for as a code.
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
    use async_trait::async_trait;
    use riffle_scan::codes::{CodesError, CodesListing};

    use super::*;

    /// A port that can read no file.
    struct NoFiles;

    #[async_trait]
    impl CodeFiles for NoFiles {
        async fn read(&self, name: &str, _: Bytes) -> Result<CodesListing, CodesError> {
            Err(CodesError::Empty { name: name.to_owned() })
        }
    }

    #[tokio::test]
    async fn codes_and_misspelt_files_are_told_apart() {
        assert_eq!(one(&NoFiles, "A-1, A-2.5").await.expect("codes").0, ["A-1", "A-2.5"]);
        assert!(one(&NoFiles, "no-such-file.xlsx").await.is_err());
        assert!(one(&NoFiles, "no/such/file").await.is_err());
    }
}
