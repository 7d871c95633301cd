//! The codes of a session, cleaned once.

use std::collections::HashSet;
use std::sync::Arc;

use super::fold;

/// The most codes that one session accepts.
pub const MAX_CODES: usize = 50_000;
/// The longest code, in characters after folding.
pub const MAX_CODE_CHARS: usize = 256;

/// A list of 1 to [`MAX_CODES`] different codes, each in the spelling it was first given in.
///
/// Two spellings that would find the same text (`hole–1`, `HOLE - 1`) are one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeList {
    spellings: Vec<String>,
    /// In UTF-8. Shared with the matchers.
    folded: Arc<[Vec<u8>]>,
}

/// The reason a list of codes is refused. Items count from 1, as they were given, blank ones included.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodeListError {
    #[error("the list contains no codes: give at least one")]
    Empty,
    #[error("the list contains {0} different codes, but at most {MAX_CODES} are allowed: split it")]
    TooMany(usize),
    #[error(
        "item {item} is not a code: it has more than {MAX_CODE_CHARS} characters: \"{code}…\". Codes must \
         be one per line or separated by commas"
    )]
    TooLong {
        item: usize,
        /// The beginning of the item.
        code: String,
    },
    #[error("item {item} is not a code: it has no letter or digit: \"{code}\"")]
    NoLetterOrDigit { item: usize, code: String },
}

impl CodeList {
    /// Trims items, drops blanks, merges repeats into the first spelling, and keeps the order.
    pub fn new(given: Vec<String>) -> Result<Self, CodeListError> {
        let (mut spellings, mut all) = (Vec::new(), Vec::new());
        let mut known = HashSet::new();
        for (index, spelling) in given.into_iter().enumerate() {
            let item = index + 1;
            let mut folded = Vec::new();
            fold::fold_into(&mut folded, &spelling);
            if folded.is_empty() {
                continue;
            }
            if String::from_utf8_lossy(&folded).chars().nth(MAX_CODE_CHARS).is_some() {
                return Err(CodeListError::TooLong {
                    item,
                    code: spelling.trim().chars().take(40).collect(),
                });
            }
            let code = spelling.trim();
            if !code.chars().any(char::is_alphanumeric) {
                return Err(CodeListError::NoLetterOrDigit { item, code: code.to_owned() });
            }
            if known.insert(folded.clone()) {
                spellings.push(code.to_owned());
                all.push(folded);
            }
        }
        match spellings.len() {
            0 => Err(CodeListError::Empty),
            1..=MAX_CODES => Ok(Self { spellings, folded: all.into() }),
            more => Err(CodeListError::TooMany(more)),
        }
    }

    /// Never 0.
    #[expect(clippy::len_without_is_empty, reason = "a list without codes cannot be made")]
    pub fn len(&self) -> usize {
        self.spellings.len()
    }

    /// Returns the spelling of the code with this index, which is that of [`super::Match::code`].
    pub fn get(&self, code: u32) -> Option<&str> {
        self.spellings.get(usize::try_from(code).ok()?).map(String::as_str)
    }

    /// Returns all spellings in their order. A list made of them is equal to this one.
    pub fn spellings(&self) -> &[String] {
        &self.spellings
    }

    pub(super) fn folded(&self) -> &Arc<[Vec<u8>]> {
        &self.folded
    }
}
