//! A page as people see it, to show where a code was found.

use riffle_extract::{DrawError, Drawn, Limits, View};
use riffle_ports::{Opened, ReadError};

use crate::{Incoming, Parser, Reader, Text};

/// Why a page cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// What the source says of the file, or no sandbox can be had.
    #[error(transparent)]
    Source(#[from] ReadError),
    #[error(transparent)]
    Page(#[from] DrawError),
}

impl Reader {
    /// Draws a page of a file, or part of one, where files are parsed and within the same limits. Blocks, also until
    /// a file that is being read makes room.
    ///
    /// The page is counted from 1; [`riffle_extract::Place::page`] tells it of a match. Nothing is remembered.
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
        // Of a file that was replaced meanwhile nobody knows what was drawn.
        opened.confirm()?;
        Ok(drawn?)
    }

    /// Reads a page of a PDF, counted from 1, as [`Reader::read`] did, and tells where its characters stand, which
    /// no scan asks of all pages. Text that OCR reads is left out: its places are told when it is read. Blocks.
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
