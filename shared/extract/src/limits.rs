//! How much one file may ask for.
//!
//! A file is parsed in a process that may have 512 MiB of address space and a few seconds: these caps answer
//! before that with an error that says what is wrong. They are far above what real files need.

use crate::formats::Kind;

/// Caps for one file, everything packed in it included.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Kinds that are read; others are refused before they are parsed. `None` is all.
    pub only: Option<&'static [Kind]>,
    /// The one page of a PDF that is read, counted from 1. `None` is all.
    pub page: Option<u32>,
    /// Pages of a PDF or of a picture with several.
    pub pages: u32,
    /// Non-empty cells of all sheets together.
    pub cells: u64,
    /// Bytes of text handed to the sink, all units together.
    pub text_bytes: u64,
    /// Files in archives, all archives together. Those after them are listed as unread.
    pub archive_entries: u32,
    /// Archives within archives: 1 reads the files of an archive and no archive in it.
    pub archive_depth: u32,
    /// How many times its packed size a part may unpack to. Parts of up to [`Limits::RATIO_FREE`] are not asked:
    /// a page of blanks packs a thousandfold.
    pub unpack_ratio: u64,
    /// Unpacked bytes that are in memory at once: a file in an archive (with the archive around it, where that is
    /// packed too), a part of a document, what a page of a PDF draws.
    pub held_bytes: u64,
    /// Unpacked bytes of all parts, streamed ones included.
    pub unpacked_bytes: u64,
    /// Elements within elements.
    pub xml_depth: u32,
    /// Pixels of a picture file that is handed on, and of a picture on a page that is drawn to be handed on. An A0
    /// drawing scanned with 300 dots per inch has 139 million.
    pub image_pixels: u64,
}

impl Limits {
    /// Unpacked size up to which the ratio does not matter.
    pub const RATIO_FREE: u64 = 16 << 20;

    pub(crate) fn wants_page(&self, number: u32) -> bool {
        self.page.is_none_or(|only| only == number)
    }

    /// For a table or a text with an item on each line, such as a list of codes: far more than 50,000 codes with their
    /// neighbours need, and little enough to be held in memory by who reads it.
    pub fn of_a_list() -> Self {
        Self {
            only: Some(&[Kind::Xlsx, Kind::Xlsb, Kind::Xls, Kind::Ods, Kind::Csv, Kind::Text]),
            cells: 1_000_000,
            text_bytes: 32 << 20,
            held_bytes: 64 << 20,
            unpacked_bytes: 256 << 20,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            only: None,
            page: None,
            pages: 20_000,
            cells: 50_000_000,
            text_bytes: 2 << 30,
            archive_entries: 10_000,
            archive_depth: 4,
            // Spreadsheets and logs reach 50; what goes beyond 200 for long holds nothing to read.
            unpack_ratio: 200,
            held_bytes: 128 << 20,
            unpacked_bytes: 2 << 30,
            xml_depth: 512,
            image_pixels: 150_000_000,
        }
    }
}
