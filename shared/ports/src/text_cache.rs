//! Text of files read before.

use crate::PortError;

/// What a text is kept under. Made by a hash of tenant, content and the way it was read: no name of a file or
/// person is kept, and no tenant finds another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TextKey(pub [u8; 32]);

/// What is worth its place in a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// The text of every file, which is then recalled without opening it.
    Files,
    /// What OCR read, picture by picture. Where to keep a text costs more than to read most files, this alone is
    /// worth it; and of a file that was given up half-way, its pictures are not read and paid for again.
    Pictures,
}

/// Keeps texts, by content and by where the content was last seen.
///
/// Called from threads that may wait. Whatever is lost or thrown away is only read again: nothing may rest
/// on a text being there. What is returned was put whole.
pub trait TextCache: Send + Sync {
    fn worth(&self) -> Worth {
        Worth::Files
    }

    /// The text kept under `key`.
    fn get(&self, key: TextKey) -> Result<Option<Vec<u8>>, PortError>;

    /// The text that `place` was last linked to.
    fn find(&self, place: TextKey) -> Result<Option<Vec<u8>>, PortError>;

    /// Keeps `text` under `key`. The same key always stands for the same text.
    fn put(&self, key: TextKey, text: Vec<u8>) -> Result<(), PortError>;

    /// From now on `place` leads to the text under `key`.
    fn link(&self, place: TextKey, key: TextKey) -> Result<(), PortError>;
}
