//! The supported formats. Each is a file or folder here and a line of the list below.

use crate::output::RowOutput;
use crate::sniff::FileStart;
use crate::{Dialect, Input, ParseError};

mod csv;
mod ofx;

/// Detects and reads a format.
pub(crate) struct FormatReader {
    /// Returns whether the file has this format, by its content.
    pub is: fn(&FileStart<'_>) -> bool,
    /// Reads the file in two passes; see [`RowOutput`].
    pub read: fn(&FileStart<'_>, &mut dyn Input, &mut RowOutput<'_>) -> Result<Dialect, ParseError>,
}

macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident => $reader:path,)+) => {
        /// The format of a file, detected from its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Format { $($(#[$doc])* $format,)+ }

        /// Tried in this order; the first format that recognises the file reads it.
        pub(crate) static FORMATS: &[(Format, &FormatReader)] = &[$((Format::$format, &$reader),)+];
    };
}

formats! {
    /// OFX and QFX, as SGML or XML.
    Ofx => ofx::OFX,
    /// Delimited text. Last in the list, because it reports itself why a file is not a table.
    Csv => csv::CSV,
}
