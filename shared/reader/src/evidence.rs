//! A page as people see it, to show where a code was found.

use std::collections::BTreeSet;

use riffle_extract::{DrawError, Drawn, View};
use riffle_ports::{Opened, ReadError};

use crate::{Incoming, Parser, Reader, TextSink};

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

    /// Reads some pages of a PDF, counted from 1, as [`Reader::read`] does, and also reports where their characters
    /// are, which a scan does not request. Text from OCR is left out: its positions are reported when it is read. Blocks.
    pub fn pages(
        &self,
        opened: &dyn Opened,
        name: &str,
        pages: &BTreeSet<u32>,
        text: &mut dyn TextSink,
    ) -> Result<(), PageError> {
        let content = opened.content();
        let pages: Vec<u32> = pages.iter().copied().collect();
        let mut incoming = Incoming { pages: Some(&pages), ..Incoming::new(text, None, None) };
        let read = match &self.parser {
            Parser::Sandbox(pool) => {
                pool.pages(name, &content, &pages, &mut incoming).map_err(ReadError::Port)?
            }
            Parser::InProcess(limits) => {
                let bytes = content.bytes().map_err(ReadError::Port)?;
                riffle_extract::extract(name, &bytes, limits, &mut incoming)
            }
        };
        opened.confirm()?;
        read.map(drop).map_err(|error| DrawError::from(error).into())
    }
}
