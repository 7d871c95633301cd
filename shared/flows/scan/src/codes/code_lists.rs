//! Lists of codes that users upload before a scan: parsed once, shown, and stored by content.

use bytes::Bytes;
use riffle_contracts::http::{LeftOut, UnderstoodCodes};
use riffle_ports::PortError;

use crate::Scan;
use crate::codes::{CodesError, CodesListing};
use crate::matching::{CodeList, MAX_CODE_CHARS};
use crate::state::request::{keys, stored_codes};

/// The maximum number of codes shown.
const SHOWN: usize = 100;
/// The maximum number of rejected texts shown, and of characters shown of each.
const SHOWN_LEFT_OUT: usize = 20;
const SHOWN_CHARS: usize = 80;

/// The reason there is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeListsError {
    /// Nothing in the file can be used as codes. The text says what to do.
    #[error("{0}")]
    NoCodes(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Scan {
    /// Reads a workbook, CSV or text as a list of codes and stores the codes under the tenant. The same list is stored
    /// only once. `name` is used in messages and as a hint of the format.
    pub async fn understand_codes(
        &self,
        tenant: &str,
        name: &str,
        content: Bytes,
    ) -> Result<UnderstoodCodes, CodeListsError> {
        let listing = self.code_file(name, content).await.map_err(|error| match error {
            CodesError::Port(error) => CodeListsError::Port(error),
            error => CodeListsError::NoCodes(error.to_string()),
        })?;
        let failed = |error| PortError::Unavailable(format!("a list of codes was not understood: {error}"));
        let understood = tokio::task::spawn_blocking(move || understand(listing)).await;
        let (list, mut answer) = understood.map_err(failed)?.map_err(CodeListsError::NoCodes)?;
        let (json, digest) = stored_codes(&list);
        answer.codes_key = format!("{}{digest}", keys::code_lists(tenant));
        self.ports.objects.put(&answer.codes_key, Bytes::from(json)).await?;
        Ok(answer)
    }

    /// Reads the codes of a file. Every list that a client sends is read this way.
    pub(crate) async fn code_file(&self, name: &str, content: Bytes) -> Result<CodesListing, CodesError> {
        let Some(files) = &self.code_files else {
            return Err(PortError::Broken("this deployment cannot read lists of codes".to_owned()).into());
        };
        files.read(name, content).await
    }
}

fn understand(listing: CodesListing) -> Result<(CodeList, UnderstoodCodes), String> {
    let CodesListing { codes, blanks, detected } = listing;
    let (codes, long): (Vec<_>, Vec<_>) =
        codes.into_iter().partition(|code| code.chars().nth(MAX_CODE_CHARS).is_none());
    let given = codes.len() as u64;
    let list = CodeList::new(codes).map_err(|error| format!("the codes cannot be used: {error}"))?;
    let left_out_total = (blanks.len() + long.len()) as u64;
    let too_long = format!("longer than {MAX_CODE_CHARS} characters");
    let left_out = blanks.iter().map(|text| (text, "no letter or digit"));
    let left_out = left_out.chain(long.iter().map(|text| (text, &*too_long))).take(SHOWN_LEFT_OUT);
    let left_out = left_out
        .map(|(text, reason)| LeftOut {
            text: text.chars().take(SHOWN_CHARS).collect(),
            reason: reason.to_owned(),
        })
        .collect();
    let total = list.len() as u64;
    let answer = UnderstoodCodes {
        codes_key: String::new(),
        total,
        codes: list.spellings().iter().take(SHOWN).cloned().collect(),
        duplicates: given - total,
        column: detected.column,
        sheet: detected.sheet,
        left_out,
        left_out_total,
    };
    Ok((list, answer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Detected;

    #[test]
    fn a_list_says_what_it_counts_and_what_it_leaves_out() {
        let listing = |codes: &[&str], blanks: &[&str]| {
            let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
            let detected = Detected { sheet: None, column: None, header: None, count: codes.len() };
            CodesListing { codes: owned(codes), blanks: owned(blanks), detected }
        };
        let long = "A1".repeat(200);
        let (list, answer) =
            understand(listing(&["HOLE-1", "hole–1", "HOLE-2", &long], &["-"])).expect("codes");
        assert_eq!(list.spellings(), ["HOLE-1", "HOLE-2"]);
        assert_eq!((answer.total, answer.duplicates, answer.left_out_total), (2, 1, 2));
        assert_eq!(answer.left_out[0].text, "-");
        assert_eq!(answer.left_out[1].text.len(), SHOWN_CHARS);
        assert!(understand(listing(&[], &["-", "-"])).is_err());
    }
}
