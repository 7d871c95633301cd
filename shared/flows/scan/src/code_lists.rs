//! Lists of codes that people upload before a scan: understood once, shown, and stored by content.

use bytes::Bytes;
use riffle_contracts::http::{LeftOut, UnderstoodCodes};
use riffle_ports::PortError;

use crate::Scan;
use crate::codes::{self, Listing};
use crate::matching::{CodeList, MAX_CODE_CHARS};
use crate::request::{keys, stored_codes};

/// Codes shown.
const SHOWN: usize = 100;
/// Texts left out that are shown, and how much of each.
const SHOWN_LEFT_OUT: usize = 20;
const SHOWN_CHARS: usize = 80;

/// Why there is no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeListsError {
    /// Nothing in it can be used as codes. The text says what to do.
    #[error("{0}")]
    NoCodes(String),
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Scan {
    /// Takes a workbook, CSV or text for a list of codes and stores what it understood under the tenant. The same
    /// list is stored once. `name` is for messages and a hint of the format.
    pub async fn understand_codes(
        &self,
        tenant: &str,
        name: &str,
        content: Bytes,
    ) -> Result<UnderstoodCodes, CodeListsError> {
        let name = name.to_owned();
        let understood = tokio::task::spawn_blocking(move || understand(&name, &content)).await;
        // A parser that panics is the fault of the file it was given.
        let broken = || "This file broke its reader: save it anew, or send the codes as text.".to_owned();
        let (list, mut answer) =
            understood.map_err(|_| CodeListsError::NoCodes(broken()))?.map_err(CodeListsError::NoCodes)?;
        let (json, digest) = stored_codes(&list);
        answer.codes_key = format!("{}{digest}", keys::code_lists(tenant));
        self.ports.objects.put(&answer.codes_key, Bytes::from(json)).await?;
        Ok(answer)
    }
}

fn understand(name: &str, content: &Bytes) -> Result<(CodeList, UnderstoodCodes), String> {
    let Listing { codes, blanks, detected } =
        codes::look(name, content).map_err(|error| error.to_string())?;
    let (codes, long): (Vec<_>, Vec<_>) =
        codes.into_iter().partition(|code| code.chars().nth(MAX_CODE_CHARS).is_none());
    let given = codes.len() as u64;
    let list = CodeList::new(codes).map_err(|error| format!("the codes cannot be used: {error}"))?;
    let left_out_total = (blanks.len() + long.len()) as u64;
    let too_long = format!("longer than {MAX_CODE_CHARS} characters");
    let left_out = blanks.iter().map(|text| (text, "neither letter nor digit"));
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

    #[test]
    fn a_list_says_what_it_counts_and_what_it_leaves_out() {
        let long = "A1".repeat(200);
        let text = format!("Hole ID\nHOLE-1\nhole–1\n-\nHOLE-2\n{long}\n");
        let (list, answer) = understand("codes.txt", &Bytes::from(text)).expect("codes");
        assert_eq!(list.spellings(), ["HOLE-1", "HOLE-2"]);
        assert_eq!((answer.total, answer.duplicates, answer.left_out_total), (2, 1, 2));
        assert_eq!(answer.left_out[0].text, "-");
        assert_eq!(answer.left_out[1].text.len(), SHOWN_CHARS);
        assert!(understand("x.txt", &Bytes::from_static(b"-\n-\n")).is_err());
    }
}
