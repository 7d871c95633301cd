//! A file that lists something, such as codes.

use bytes::Bytes;
use riffle_extract::{ExtractError, Extracted, Limits};
use riffle_ports::{Content, PortError};

use crate::{Incoming, Parser, Reader, Text};

impl Reader {
    /// Reads a table or a plain text, where files are parsed and within the limits of [`Limits::of_a_list`]: other kinds
    /// are refused before they are parsed. Nothing is remembered, and no picture read. Blocks.
    ///
    /// # Errors
    /// No sandbox can be had. What the parser says is in the answer.
    pub fn list(
        &self,
        name: &str,
        content: &Bytes,
        text: &mut dyn Text,
    ) -> Result<Result<Extracted, ExtractError>, PortError> {
        let mut incoming = Incoming::new(text, None, None);
        match &self.parser {
            Parser::Sandbox(pool) => pool.list(name, &Content::Memory(content), &mut incoming),
            Parser::InProcess(_) => {
                Ok(riffle_extract::extract(name, content, &Limits::of_a_list(), &mut incoming))
            }
        }
    }
}
