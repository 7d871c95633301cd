//! The formats. One is a file or folder here and a line of the list.

use crate::output::Output;
use crate::sniff::Look;
use crate::{Dialect, Input, ReadError};

mod csv;
mod ofx;

/// How a format is recognised and read.
pub(crate) struct Reader {
    /// Whether the file is this format, by its content.
    pub is: fn(&Look<'_>) -> bool,
    /// Reads it twice; see [`Output`].
    pub read: fn(&Look<'_>, &mut dyn Input, &mut Output<'_>) -> Result<Dialect, ReadError>,
}

macro_rules! formats {
    ($($(#[$doc:meta])* $format:ident => $reader:path,)+) => {
        /// What a file turned out to be, found from its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Format { $($(#[$doc])* $format,)+ }

        /// Asked from the top; the first that says yes reads the file.
        pub(crate) static FORMATS: &[(Format, &Reader)] = &[$((Format::$format, &$reader),)+];
    };
}

formats! {
    /// OFX and QFX, as SGML or XML.
    Ofx => ofx::OFX,
    /// Delimited text. Last: what is no table says so itself.
    Csv => csv::CSV,
}
