//! Limits on the resources a single file may take.
//!
//! A file is parsed in a process that may have 512 MiB of address space and a few seconds of CPU time. These limits
//! apply before that and give an error that explains the cause. They are far above the needs of real files.

use crate::formats::FileFormat;

/// Limits for one file, including everything packed in it.
#[derive(Debug, Clone, Copy)]
pub struct ReadLimits {
    /// Kinds that are read; others are refused before they are parsed. `None` allows all.
    pub only: Option<&'static [FileFormat]>,
    /// Whether spreadsheets give nothing but what their cells display, each cell once: no sheet names, comments, shapes.
    pub only_cells: bool,
    /// Pages of a PDF, or of a picture with several pages.
    pub pages: u32,
    /// Non-empty cells of all sheets together.
    pub cells: u64,
    /// Bytes of text passed to the sink, all units together.
    pub text_bytes: u64,
    /// Files in archives, all archives together. Files beyond the limit are listed as unread.
    pub archive_entries: u32,
    /// Nesting of archives: 1 reads the files of an archive, but no archive in it.
    pub archive_depth: u32,
    /// How many times its packed size a part may unpack to. Parts of up to [`ReadLimits::RATIO_FREE`] bytes are exempt,
    /// because a page of blanks compresses a thousandfold.
    pub unpack_ratio: u64,
    /// Unpacked bytes that are in memory at once: a file in an archive (with the archive around it, if that is packed
    /// too), a part of a document, the content of a PDF page.
    pub held_bytes: u64,
    /// Unpacked bytes of all parts, including streamed ones.
    pub unpacked_bytes: u64,
    /// Nesting of XML elements.
    pub xml_depth: u32,
    /// Pixels of a picture file that is passed on, and of a picture on a page that is drawn to be passed on. An A0
    /// drawing scanned with 300 dots per inch has 139 million.
    pub image_pixels: u64,
}

impl ReadLimits {
    /// Unpacked size in bytes up to which the ratio is not checked.
    pub const RATIO_FREE: u64 = 16 << 20;

    /// Returns the limits for a table, or a text with an item on each line, such as a list of codes. They allow
    /// far more than 50,000 codes with their adjacent cells, and the result still fits in the caller's memory.
    pub fn of_a_list() -> Self {
        Self {
            only: Some(&[
                FileFormat::Xlsx,
                FileFormat::Xlsb,
                FileFormat::Xls,
                FileFormat::Ods,
                FileFormat::Csv,
                FileFormat::Text,
            ]),
            only_cells: true,
            cells: 1_000_000,
            text_bytes: 32 << 20,
            held_bytes: 64 << 20,
            unpacked_bytes: 256 << 20,
            ..Self::default()
        }
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            only: None,
            only_cells: false,
            pages: 20_000,
            cells: 50_000_000,
            text_bytes: 2 << 30,
            archive_entries: 10_000,
            archive_depth: 4,
            // Spreadsheets and logs reach 50; a part that stays above 200 over a long stretch holds nothing to read.
            unpack_ratio: 200,
            held_bytes: 128 << 20,
            unpacked_bytes: 2 << 30,
            xml_depth: 512,
            image_pixels: 150_000_000,
        }
    }
}
