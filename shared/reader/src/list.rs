//! Reads a file that is a list, such as a list of codes.

use bytes::Bytes;
use riffle_extract::{ExtractError, Extracted, ReadLimits};
use riffle_ports::{Content, PortError};

use crate::{Incoming, Parser, Reader, TextSink};

impl Reader {
    /// Reads a table or a plain text in the same place as files are parsed, within the limits of
    /// [`ReadLimits::of_a_list`]: other kinds are refused before they are parsed. The result is not cached, and no
    /// pictures are read. Blocks.
    ///
    /// # Errors
    /// Fails if no sandbox is available. A parser's error is the inner result.
    pub fn list(
        &self,
        name: &str,
        content: &Bytes,
        text: &mut dyn TextSink,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        let mut incoming = Incoming::new(text, None, None);
        match &self.parser {
            Parser::Sandbox(pool) => pool.list(name, &Content::Memory(content), &mut incoming),
            Parser::InProcess(_) => {
                Ok(riffle_extract::extract(name, content, &ReadLimits::of_a_list(), &mut incoming))
            }
        }
    }
}
