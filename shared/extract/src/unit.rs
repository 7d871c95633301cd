//! The units a parser passes on: a piece of text and its place.

use crate::spreadsheet::SheetPart;

/// The place of a unit in its file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 1-based page of a PDF.
    Page(u32),
    /// A cell, with the sheet's name (empty for CSV) and a reference as people write it (`B12`; empty for the whole
    /// sheet).
    Cell { sheet: String, cell: String },
    /// 1-based line of a text file on which the unit begins. A unit may hold many lines, because a code may be broken
    /// over a line end: the line of a match is this one plus the line ends before it in the unit's text.
    Line(u64),
    /// 1-based paragraph of a text document, including headers, footers and notes.
    Paragraph(u32),
    /// 1-based slide of a presentation, including its notes.
    Slide(u32),
    /// The file as a whole, or a part that no other variant can name.
    File,
    /// Inside a file that is packed in this one. `entry` is its name in the archive.
    Inside { entry: String, place: Box<Place> },
}

impl Place {
    /// Returns the line on which the place begins, if it is given in lines.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Line(line) => Some(*line),
            Self::Inside { place, .. } => place.line(),
            Self::Page(_) | Self::Cell { .. } | Self::Paragraph(_) | Self::Slide(_) | Self::File => None,
        }
    }

    /// Returns the same place on another line, if it is given in lines.
    #[must_use]
    pub fn on_line(&self, line: u64) -> Self {
        match self {
            Self::Line(_) => Self::Line(line),
            Self::Inside { entry, place } => {
                Self::Inside { entry: entry.clone(), place: Box::new(place.on_line(line)) }
            }
            other => other.clone(),
        }
    }
}

/// Writes a place as people do: `12` (a page), `Sheet1!B7`, `line 40`, `slide 3`, `old.zip/a.txt: line 40`.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Page(page) => write!(f, "{page}"),
            Self::Cell { sheet, cell } if sheet.is_empty() => f.write_str(cell),
            Self::Cell { sheet, cell } if cell.is_empty() => write!(f, "sheet {sheet}"),
            Self::Cell { sheet, cell } => write!(f, "{sheet}!{cell}"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Paragraph(paragraph) => write!(f, "paragraph {paragraph}"),
            Self::Slide(slide) => write!(f, "slide {slide}"),
            Self::File => f.write_str("the file"),
            Self::Inside { entry, place } => match &**place {
                Self::Inside { .. } => write!(f, "{entry}/{place}"),
                Self::File => f.write_str(entry),
                Self::Page(page) => write!(f, "{entry}: page {page}"),
                place => write!(f, "{entry}: {place}"),
            },
        }
    }
}

/// A part of a file that contains, or may contain, something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unread {
    pub place: Place,
    /// A short reason for the person who owns the file.
    pub why: String,
}

/// A picture that may show text: an image file, or a page of a PDF that could not be read as text.
#[derive(Debug)]
pub struct PageImage<'a> {
    pub place: &'a Place,
    pub encoding: Encoding,
    pub bytes: &'a [u8],
    /// Size in points (width, height) of the page shown, for the positions of characters.
    pub page: (f32, f32),
}

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Png,
    Jpeg,
    Tiff,
}

/// The largest picture that a sink accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageLimits {
    /// Bytes of the picture's file.
    pub bytes: u64,
    /// The maximum width and height in pixels.
    pub side: u32,
}

impl ImageLimits {
    pub const NONE: Self = Self { bytes: u64::MAX, side: u32::MAX };

    pub(crate) fn hold(self, bytes: usize, (width, height): (u32, u32)) -> bool {
        bytes as u64 <= self.bytes && width.max(height) <= self.side
    }
}

/// Text that belongs together: matches never cross from one unit to the next.
#[derive(Debug)]
pub struct Unit<'a> {
    pub place: &'a Place,
    pub text: &'a str,
    /// Whether OCR read it from a picture, so that letters may be mistaken.
    pub ocr: bool,
    /// Positions of the characters on the page, if the format has them and [`Sink::wants_layout`] requests them.
    pub glyphs: Option<&'a dyn Layout>,
}

/// The positions of a unit's characters. Few sinks use them, so they may be computed on first use.
pub trait Layout {
    fn glyphs(&self) -> &Glyphs;
}

impl Layout for Glyphs {
    fn glyphs(&self) -> &Glyphs {
        self
    }
}

impl std::fmt::Debug for dyn Layout + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.glyphs().fmt(f)
    }
}

/// A rectangle on a page in points, origin top left, y downwards.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bounds {
    pub x0: f32,
    pub y0: f32,
    pub x1: f32,
    pub y1: f32,
}

/// The boxes of a page's characters, by byte offset into the unit's text.
///
/// One glyph may represent several characters (a ligature). A space or line end that stems from the gap after a glyph
/// belongs to that glyph.
#[derive(Debug, Default)]
pub struct Glyphs {
    /// Page size in points (width, height).
    pub page: (f32, f32),
    /// Ascending by offset; a glyph covers the bytes up to the next one's offset.
    pub boxes: Vec<(u32, Bounds)>,
}

/// Receives units as they are read.
pub trait Sink {
    fn unit(&mut self, unit: &Unit<'_>);

    /// Returns whether the sink uses the positions of characters: recording them takes time.
    fn wants_layout(&self) -> bool {
        false
    }

    /// Whether it wants this page of a PDF, counted from 1. Other pages are not read.
    fn wants_page(&self, _number: u32) -> bool {
        true
    }

    /// Returns whether the sink takes spreadsheets as [`SheetPart`]s instead of units.
    fn wants_cells(&self) -> bool {
        false
    }

    /// Receives a part of a spreadsheet, if the sink wants cells.
    fn sheet_part(&mut self, _part: &SheetPart<'_>) {}

    /// Returns whether the sink wants pictures: drawing a page takes longer than reading a hundred.
    fn wants_images(&self) -> bool {
        false
    }

    /// Returns the limits of pictures. A larger picture is scaled down, to a PNG in greys.
    fn image_limits(&self) -> ImageLimits {
        ImageLimits::NONE
    }

    /// Receives a picture of a page, if the sink wants any, and returns whether it could be read. A page that could not
    /// be read counts as unread.
    fn image(&mut self, _image: &PageImage<'_>) -> bool {
        false
    }
}
