//! The texts that cells share.

use crate::ExtractError;
use crate::output::UnitOutput;

/// All shared texts, one after the other.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// Adds a text. Memory grows with the texts that are there, not with their claimed number.
    ///
    /// # Errors
    /// [`ExtractError::TooLarge`] if they take more memory than a file may.
    pub fn push(&mut self, text: &str, out: &UnitOutput<'_>) -> Result<(), ExtractError> {
        self.text.push_str(text);
        self.ends.push(self.text.len());
        out.room(self.size() as u64)
    }

    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..end)
    }

    /// Bytes that they take in memory.
    pub fn size(&self) -> usize {
        self.text.len() + size_of::<usize>() * self.ends.len()
    }
}
