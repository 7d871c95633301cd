//! What a parser hands on: a piece of text and where it stands.

/// Where a unit stands in its file.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// 1-based page of a PDF.
    Page(u32),
    /// A cell, with the sheet's name (empty for CSV) and a reference as people write it (`B12`; empty for the whole
    /// sheet).
    Cell { sheet: String, cell: String },
    /// 1-based line of a text file on which the unit begins. A unit may hold many lines (a code may be broken
    /// over a line end): the line of a match is this one plus the line ends before it in the unit's text.
    Line(u64),
    /// 1-based paragraph of a text document, headers, footers and notes included.
    Paragraph(u32),
    /// 1-based slide of a presentation, its notes included.
    Slide(u32),
    /// The file as a whole, or what of it no other place tells.
    File,
    /// Inside a file that is packed in this one. `entry` is its name as the archive has it.
    Inside { entry: String, place: Box<Place> },
}

impl Place {
    /// The line on which the place begins, where it is told in lines.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Line(line) => Some(*line),
            Self::Inside { place, .. } => place.line(),
            Self::Page(_) | Self::Cell { .. } | Self::Paragraph(_) | Self::Slide(_) | Self::File => None,
        }
    }

    /// The same place on another line, where it is told in lines.
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

/// As people write it: `12` (a page), `Sheet1!B7`, `line 40`, `slide 3`, `old.zip/a.txt: line 40`.
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

/// A part of a file that holds, or may hold, something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unread {
    pub place: Place,
    /// Short, for the person who owns the file.
    pub why: String,
}

/// A picture that may show text: an image file, or a page of a PDF that holds none.
#[derive(Debug)]
pub struct PageImage<'a> {
    pub place: &'a Place,
    pub encoding: Encoding,
    pub bytes: &'a [u8],
    /// Size in points (width, height) of what it shows, for the places of characters.
    pub page: (f32, f32),
}

/// How a picture is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    Png,
    Jpeg,
    Tiff,
}

/// What a picture may be at most for whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImageLimits {
    /// Of the file.
    pub bytes: u64,
    /// Pixels of its width, and of its height.
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
    /// It was read from a picture: letters may be taken for others.
    pub ocr: bool,
    /// Where the characters stand on the page, where the format tells and [`Sink::wants_layout`] says so.
    pub glyphs: Option<&'a dyn Layout>,
}

/// Where the characters of a unit stand. Few sinks ask, so it may be worked out only then.
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

    /// Whether it asks where characters stand on their page: noting it of each takes time.
    fn wants_layout(&self) -> bool {
        false
    }

    /// Whether pictures are wanted: to make one of a page takes longer than to read a hundred.
    fn wants_images(&self) -> bool {
        false
    }

    /// What its pictures may be at most. Larger ones come made smaller, as PNG in greys.
    fn image_limits(&self) -> ImageLimits {
        ImageLimits::NONE
    }

    /// Takes a picture of a page, if it wants any, and says whether it could be read. A page that could not
    /// counts as unread.
    fn image(&mut self, _image: &PageImage<'_>) -> bool {
        false
    }
}
