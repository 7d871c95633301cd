//! A page as people see it, to show where a code was found.

use riffle_extract::{DrawError, Drawn, Limits, View};
use riffle_ports::{Opened, ReadError};

use crate::{Incoming, Parser, Reader, Text};

/// Why a page cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The source reports an error for the file, or no sandbox is available.
    #[error(transparent)]
    Source(#[from] ReadError),
    #[error(transparent)]
    Page(#[from] DrawError),
}

impl Reader {
    /// Draws a page of a file, or part of one, in the same place and within the same limits as files are parsed.
    /// Blocks, if necessary until a running parse frees its sandbox.
    ///
    /// `page` is counted from 1; [`riffle_extract::Place::page`] returns it for a match. The result is not cached.
    pub fn page_image(
        &self,
        opened: &dyn Opened,
        name: &str,
        page: u32,
        view: View,
    ) -> Result<Drawn, PageError> {
        let content = opened.content();
        let drawn = match &self.parser {
            Parser::Sandbox(pool) => pool.draw(name, &content, page, view).map_err(ReadError::Port)?,
            Parser::InProcess(limits) => {
                let bytes = content.bytes().map_err(ReadError::Port)?;
                riffle_extract::draw(name, &bytes, limits, page, view)
            }
        };
        // If the file was replaced in the meantime, it is unknown which version was drawn.
        opened.confirm()?;
        Ok(drawn?)
    }

    /// Reads a page of a PDF, counted from 1, as [`Reader::read`] does, and also reports where its characters are,
    /// which a scan does not request for all pages. Text from OCR is left out: its positions are reported when it is
    /// read. Blocks.
    pub fn page_text(
        &self,
        opened: &dyn Opened,
        name: &str,
        page: u32,
        text: &mut dyn Text,
    ) -> Result<(), PageError> {
        let content = opened.content();
        let mut incoming = Incoming { layout: true, ..Incoming::new(text, None, None) };
        let read = match &self.parser {
            Parser::Sandbox(pool) => {
                pool.page(name, &content, page, &mut incoming).map_err(ReadError::Port)?
            }
            Parser::InProcess(limits) => {
                let bytes = content.bytes().map_err(ReadError::Port)?;
                let limits = Limits { page: Some(page), ..*limits };
                riffle_extract::extract(name, &bytes, &limits, &mut incoming)
            }
        };
        opened.confirm()?;
        read.map(drop).map_err(|error| DrawError::from(error).into())
    }
}
