//! The sources of bytes.

use std::io::{self, Read};
use std::path::PathBuf;

/// Bytes that can be read repeatedly from the beginning and are the same each time.
pub trait Input {
    /// Returns a reader at the first byte.
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>>;
}

impl Input for &[u8] {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }
}

impl Input for bytes::Bytes {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(&self[..]))
    }
}

/// A file in the local file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInput(pub PathBuf);

impl Input for FileInput {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(std::fs::File::open(&self.0)?))
    }
}
