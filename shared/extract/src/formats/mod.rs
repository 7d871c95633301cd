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
use crate::output::Output;
use crate::sniff::Look;

/// What a format is to the rest of the crate.
pub(crate) struct Format {
    /// Whether a file is of this format, told from its content. Cheap: it is asked of every file until a format
    /// says yes.
    pub is: fn(&Look<'_>) -> bool,
    /// Hands the file's units to the output, in the order of the document. What was handed on before an error
    /// counts; the rest is listed as unread.
    pub read: fn(&Look<'_>, &mut Output<'_>) -> Result<(), ExtractError>,
}

/// From one list the public [`Kind`] and the table of readers.
macro_rules! formats {
    ($($(#[$doc:meta])* $kind:ident => $format:path,)+) => {
        /// What a file turned out to be, found from its content.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        /// Asked from the top; the first that says yes reads the file.
        pub(crate) static FORMATS: &[(Kind, &Format)] = &[$((Kind::$kind, &$format),)+];
    };
}

formats! {
    Pdf => pdf::PDF,
    Xlsb => sheet::XLSB,
    /// With or without macros.
    Xlsx => sheet::XLSX,
    /// With or without macros.
    Docx => docx::DOCX,
    /// With or without macros, as a show or not.
    Pptx => pptx::PPTX,
    Ods => sheet::ODS,
    Xls => sheet::XLS,
    /// An archive of files. After all formats that are archives themselves.
    Zip => archive::ZIP,
    Png => image::PNG,
    Jpeg => image::JPEG,
    Tiff => image::TIFF,
    // Everything below is text.
    Html => html::HTML,
    Json => json::JSON,
    Xml => xml::XML,
    Csv => csv::CSV,
    Text => text::TEXT,
}
