//! The fuzzing targets: one line for each parser and each decoder.

use std::hint::black_box;

use bytes::Bytes;
use riffle_extract::{ExtractError, Layout, PageImage, ReadLimits, Sink, Unit};

use crate::{form, seeds, statements, wire};

/// Code that reads untrusted bytes.
#[derive(Debug)]
pub struct Target {
    pub name: &'static str,
    /// Panics on an error.
    pub run: fn(&[u8]),
    /// Small valid inputs.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Makes an input from an existing file.
    pub import: fn(&[u8]) -> Vec<u8>,
    /// Words of the format, for the mutations.
    pub words: &'static [&'static str],
    /// The maximum length of an input in bytes.
    pub length: usize,
    /// Whether a repeated input is still an input: then a repeated one must not take long either.
    pub grows: bool,
}

/// Defines the target of a file format: its name, a file name that passes every check, how inputs become files, and
/// seeds.
macro_rules! file {
    ($name:literal, $hint:literal, $pack:expr, $import:expr, $seeds:expr, $words:expr, $length:literal, $grows:literal) => {
        Target {
            name: $name,
            run: |input| read($hint, $pack(input)),
            seeds: $seeds,
            import: $import,
            words: $words,
            length: $length,
            grows: $grows,
        }
    };
}

/// All targets, fast ones first.
pub static TARGETS: &[Target] = &[
    file!(
        "text",
        "a.txt",
        as_is,
        <[u8]>::to_vec,
        seeds::text,
        &["\u{FEFF}", "\u{AD}", "-\n", "\r\n"],
        4096,
        true
    ),
    file!(
        "csv",
        "a.csv",
        as_is,
        <[u8]>::to_vec,
        seeds::csv,
        &["\"\"", "\";\"", "\r\n", ",,", "\t"],
        4096,
        true
    ),
    file!(
        "json",
        "a.json",
        as_is,
        <[u8]>::to_vec,
        seeds::json,
        &["\\u", "\\ud83d\\ude00", "\\\"", "[]", "{}"],
        4096,
        true
    ),
    file!("xml", "a.xml", as_is, <[u8]>::to_vec, seeds::xml, seeds::XML_WORDS, 4096, true),
    file!("html", "a.html", as_is, <[u8]>::to_vec, seeds::html, seeds::HTML_WORDS, 4096, true),
    Target {
        name: "wire",
        run: wire::decode,
        seeds: seeds::wire,
        import: <[u8]>::to_vec,
        words: seeds::WIRE_WORDS,
        length: 4096,
        grows: false,
    },
    Target {
        name: "codes",
        run: wire::codes,
        seeds: seeds::codes,
        import: <[u8]>::to_vec,
        words: &["Hole ID", ",", ";", "\t", "\n", "\u{2011}", "HOLE-1"],
        length: 4096,
        grows: true,
    },
    Target {
        name: "statement-csv",
        run: statements::run,
        seeds: statements::csv,
        import: <[u8]>::to_vec,
        words: statements::CSV_WORDS,
        length: 4096,
        grows: true,
    },
    Target {
        name: "statement-ofx",
        run: statements::run,
        seeds: statements::ofx,
        import: <[u8]>::to_vec,
        words: statements::OFX_WORDS,
        length: 4096,
        grows: true,
    },
    file!("ods", "a.ods", form::zip, form::parts, seeds::ods, seeds::ODS_WORDS, 4096, false),
    file!("xlsx", "a.xlsx", form::zip, form::parts, seeds::xlsx, seeds::XLSX_WORDS, 6144, false),
    file!("xlsb", "a.xlsb", form::zip, form::parts, seeds::xlsb, &["\x1F\x1F", "\x1E\x1E"], 4096, false),
    file!("docx", "a.docx", form::zip, form::parts, seeds::docx, seeds::OFFICE_WORDS, 6144, false),
    file!("pptx", "a.pptx", form::zip, form::parts, seeds::pptx, seeds::OFFICE_WORDS, 6144, false),
    file!(
        "archive",
        "a.zip",
        form::zip,
        form::parts,
        seeds::archives,
        &["\x1E\x1E", "\x1F\x1F", "../"],
        4096,
        false
    ),
    file!(
        "picture",
        "a.tiff",
        as_is,
        <[u8]>::to_vec,
        seeds::pictures,
        &["II*\0", "\0\x01", "IHDR"],
        1024,
        false
    ),
    file!(
        "xls",
        "a.xls",
        form::xls,
        form::biff,
        seeds::xls,
        &["\x09\x08", "\u{fc}\0", "\u{85}\0"],
        4096,
        false
    ),
    file!("pdf", "a.pdf", form::pdf, form::objects, seeds::pdf, seeds::PDF_WORDS, 6144, false),
    // These inputs are whole files, so that mutations reach the containers too: directories, tables, chains.
    file!("pdf-file", "a.pdf", as_is, <[u8]>::to_vec, seeds::pdf_files, seeds::PDF_WORDS, 6144, false),
    file!(
        "zip-file",
        "a",
        as_is,
        <[u8]>::to_vec,
        seeds::zip_files,
        &["PK\x01\x02", "PK\x03\x04", "PK\x05\x06"],
        6144,
        false
    ),
    file!("ole-file", "a", as_is, <[u8]>::to_vec, seeds::ole_files, &["W\0o\0r\0k\0", "\u{fe}"], 8192, false),
];

/// Returns the target with this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

fn as_is(input: &[u8]) -> Bytes {
    Bytes::copy_from_slice(input)
}

/// Returns limits far above what an input of a few thousand bytes should need.
fn limits() -> ReadLimits {
    ReadLimits { pages: 2_000, cells: 1 << 20, text_bytes: 64 << 20, ..ReadLimits::default() }
}

fn read(name: &str, file: impl Into<Bytes>) {
    // Drawing the pages of a PDF would take too long for this number of inputs.
    let mut sink = CheckedUnits { bytes: 0, pictures: name == "a.tiff" };
    match riffle_extract::extract(name, &file.into(), &limits(), &mut sink) {
        Ok(read) => {
            assert!(read.unread.len() <= 1_000, "the list of unread pages is limited");
            assert!(read.unread.iter().all(|part| !part.why.is_empty()), "everything unread has a reason");
        }
        // The panic hook knows where it came from.
        Err(ExtractError::Panicked(_)) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    black_box(sink.bytes);
}

/// A sink that checks everything.
struct CheckedUnits {
    bytes: usize,
    pictures: bool,
}

impl Sink for CheckedUnits {
    fn wants_layout(&self) -> bool {
        true
    }

    fn wants_images(&self) -> bool {
        self.pictures
    }

    fn image(&mut self, image: &PageImage<'_>) -> bool {
        self.bytes += image.bytes.len();
        black_box(image.place);
        true
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        self.bytes += unit.text.len();
        black_box(unit.place);
        if let Some(glyphs) = unit.glyphs.map(Layout::glyphs) {
            let inside = |(offset, _): &(u32, _)| unit.text.is_char_boundary(*offset as usize);
            assert!(glyphs.boxes.is_sorted_by_key(|(offset, _)| *offset), "boxes are in order");
            assert!(glyphs.boxes.iter().all(inside), "boxes belong to characters");
        }
    }
}
