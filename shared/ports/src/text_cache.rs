//! A cache of the texts of files that were read before.

use crate::PortError;

/// The key of a text: a hash of the tenant, the content and the way it was read. So no name of a file or person is
/// stored, and no tenant can find another tenant's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextKey(pub [u8; 32]);

/// The texts that are worth storing in a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The text of every file, which can then be returned without opening the file.
    Files,
    /// The text that OCR read from each picture. Where storing a text costs more than reading most files, only this is
    /// worth storing. If reading a file is given up half-way, its pictures are not read and paid for again.
    Pictures,
}

/// A cache of texts by content, and by the place where the content was last seen.
///
/// Called from threads that may block. A text that is lost or removed is only read again: no code may rely on a text
/// being stored. A returned text is always complete.
pub trait TextCache: Send + Sync {
    fn worth(&self) -> Worth {
        Worth::Files
    }

    /// Returns the text stored under `key`.
    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError>;

    /// Returns the text that `place` was last linked to.
    fn find(&self, place: TextKey) -> Result<Option<Vec<u8>>, PortError>;

    /// Stores `text` under `key`. The same key always has the same text.
    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError>;

    /// Links `place` to the text under `key`.
    fn link(&self, place: TextKey, key: TextKey) -> Result<(), PortError>;
}
