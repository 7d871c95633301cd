//! The supported formats. Each is a file or folder here and a line of the list below.

use crate::output::Output;
use crate::sniff::Look;
use crate::{Dialect, Input, ReadError};

mod csv;
mod ofx;

/// Detects and reads a format.
pub(crate) struct Reader {
    /// Returns whether the file has this format, by its content.
    pub is: fn(&Look<'_>) -> bool,
    /// Reads the file in two passes; see [`Output`].
    pub read: fn(&Look<'_>, &mut dyn Input, &mut Output<'_>) -> Result<Dialect, ReadError>,
}

macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident => $reader:path,)+) => {
        /// The format of a file, detected from its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Format { $($(#[$doc])* $format,)+ }

        /// Tried in this order; the first format that recognises the file reads it.
        pub(crate) static FORMATS: &[(Format, &Reader)] = &[$((Format::$format, &$reader),)+];
    };
}

formats! {
    /// OFX and QFX, as SGML or XML.
    Ofx => ofx::OFX,
    /// Delimited text. Last in the list, because it reports itself why a file is not a table.
    Csv => csv::CSV,
}
