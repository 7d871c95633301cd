//! What a parser hands on: a piece of text and where it stands.

/// Where a unit stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 1-based page of a PDF.
    Page(u32),
    /// A cell, with the sheet's name (empty for CSV) and a reference as people write it (`B12`).
    Cell { sheet: String, cell: String },
    /// 1-based line of a text file on which the unit begins. A unit may hold many lines (a code may be broken
    /// over a line end): the line of a match is this one plus the line ends before it in the unit's text.
    Line(u64),
}

/// Text that belongs together: matches never cross from one unit to the next.
#[derive(Debug)]
pub struct Unit<'a> {
    pub place: &'a Place,
    pub text: &'a str,
    /// Where the characters stand on the page, where the format tells.
    pub glyphs: Option<&'a Glyphs>,
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
/// One glyph may stand for several characters (a ligature), and the space or line end that the gap after a glyph
/// means counts as its part.
#[derive(Debug, Default)]
pub struct Glyphs {
    /// Page size in points (width, height).
    pub page: (f32, f32),
    /// Ascending by offset; a glyph covers the bytes up to the next one's offset.
    pub boxes: Vec<(u32, Bounds)>,
}

/// Takes units as they are read.
pub trait Sink {
    fn unit(&mut self, unit: &Unit<'_>);
}
