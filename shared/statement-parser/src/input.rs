//! Where the bytes come from.

use std::io::{self, Read};
use std::path::PathBuf;

/// Bytes that can be read again from the beginning, and are the same each time.
pub trait Input {
    /// Begins at the first byte.
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

/// A file of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File(pub PathBuf);

impl Input for File {
    fn open(&mut self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(std::fs::File::open(&self.0)?))
    }
}
