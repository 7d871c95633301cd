//! Every format Riffle reads: a file of this folder and its line in the list below.
//!
//! The walkthrough is `docs/adding-a-format.md`.

pub(crate) mod pdf;

mod archive;
mod csv;
mod docx;
mod html;
mod image;
mod json;
mod pptx;
mod sheet;
mod text;
mod xml;

use crate::ExtractError;
use crate::output::UnitOutput;
use crate::sniff::SniffedFile;

/// A format, as the rest of the crate sees it.
pub(crate) struct FormatParser {
    /// Returns whether a file is of this format, by its content. Must be cheap: it is called for every file until a
    /// format recognises it.
    pub is: fn(&SniffedFile<'_>) -> bool,
    /// Passes the file's units to the output, in the order of the document. Units passed on before an error are kept;
    /// the rest is listed as unread.
    pub read: fn(&SniffedFile<'_>, &mut UnitOutput<'_>) -> Result<(), ExtractError>,
}

/// Generates the public [`FileFormat`] and the table of readers from one list.
macro_rules! formats {
    ($($(#[$doc:meta])* $kind:ident => $format:path,)+) => {
        /// The format of a file, determined from its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum FileFormat { $($(#[$doc])* $kind,)+ }

        /// Tried in this order; the first format that recognises the file reads it.
        pub(crate) static FORMATS: &[(FileFormat, &FormatParser)] = &[$((FileFormat::$kind, &$format),)+];
    };
}

formats! {
    Pdf => pdf::PDF,
    Xlsb => crate::spreadsheet::XLSB,
    /// With or without macros.
    Xlsx => crate::spreadsheet::XLSX,
    /// With or without macros.
    Docx => docx::DOCX,
    /// With or without macros, as a slide show or not.
    Pptx => pptx::PPTX,
    Ods => sheet::ODS,
    Xls => sheet::XLS,
    /// An archive of files. Listed after all formats that are archives themselves.
    Zip => archive::ZIP,
    Png => image::PNG,
    Jpeg => image::JPEG,
    Tiff => image::TIFF,
    // All formats below are text.
    Html => html::HTML,
    Json => json::JSON,
    Xml => xml::XML,
    Csv => csv::CSV,
    Text => text::TEXT,
}
