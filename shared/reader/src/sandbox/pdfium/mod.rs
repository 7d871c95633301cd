//! pdfium as the second reader of PDFs, if its shared library is configured.
//!
//! pdfium is not memory-safe Rust, so it is loaded only within a sandbox, before that is closed: afterwards no file can
//! be opened. The person who configures the library's path trusts the library.

mod library;

use std::ffi::{OsString, c_int};
use std::io;
use std::path::{Path, PathBuf};

use riffle_extract::{Bounds, FallbackPage, FallbackPages, Glyphs};
use riffle_ports::PortError;
use sha2::{Digest, Sha256};

use library::{Library, PdfDocument};

/// Boxes are requested in fractions of a point: this many units to one.
const UNITS: f32 = 8.0;
/// Points above which a page's side is invalid.
const SIDE_MAX: f32 = 1e6;

/// The location of pdfium's library.
#[derive(Debug, Clone)]
pub struct Pdfium {
    path: PathBuf,
    variant: [u8; 32],
}

/// Why pdfium cannot be used, for the person who configured it.
#[derive(Debug, thiserror::Error)]
pub enum PdfiumError {
    #[error("pdfium's library {} cannot be read: {error}", path.display())]
    Missing { path: PathBuf, error: io::Error },
    #[error("{} cannot be loaded as pdfium: {why}", path.display())]
    NotLoaded { path: PathBuf, why: String },
    #[error(transparent)]
    Port(#[from] PortError),
}

impl Pdfium {
    /// Finds the library without loading it: [`super::Pool::check`] loads it in a sandbox.
    pub fn at(path: &Path) -> Result<Self, PdfiumError> {
        let missing = |error| PdfiumError::Missing { path: path.to_owned(), error };
        // A sandbox runs in another folder.
        let found = path.canonicalize().map_err(missing)?;
        let variant = Sha256::digest(std::fs::read(&found).map_err(missing)?).into();
        Ok(Self { path: found, variant })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the hash of the library's file: another library may read another text.
    pub fn variant(&self) -> &[u8] {
        &self.variant
    }
}

/// Within the sandbox: the library, if one is configured.
pub(super) struct Loaded(Option<Result<Library, String>>);

impl Loaded {
    /// Loads the library.
    pub fn new(path: Option<OsString>) -> Self {
        Self(path.map(|path| Library::load(path.as_ref())))
    }

    pub fn is_configured(&self) -> bool {
        self.0.is_some()
    }

    /// Returns why the library could not be loaded, if so.
    pub fn load(&self) -> Result<(), &str> {
        self.library().map(|_| ())
    }

    fn library(&self) -> Result<&Library, &str> {
        self.0.as_ref().ok_or("it is not configured")?.as_ref().map_err(String::as_str)
    }

    pub fn open<'a>(&'a self, pdf: &'a [u8]) -> Result<Option<Box<dyn FallbackPages + 'a>>, String> {
        let library = self.library().map_err(|why| format!("pdfium could not be loaded: {why}"))?;
        Ok(library.open(pdf).map(|document| Box::new(PdfiumPages(document)) as Box<dyn FallbackPages + 'a>))
    }
}

struct PdfiumPages<'a>(PdfDocument<'a>);

impl FallbackPages for PdfiumPages<'_> {
    fn count(&self) -> u32 {
        self.0.count()
    }

    fn read(&self, number: u32, size: Option<(f32, f32)>) -> Option<FallbackPage> {
        let page = self.0.page(number)?;
        let (width, height) = size.unwrap_or_else(|| page.size());
        let sides = (units(width)?, units(height)?);
        let mut read = FallbackPage {
            glyphs: Glyphs { page: (width, height), boxes: Vec::new() },
            ..Default::default()
        };
        // The first half of a surrogate pair.
        let mut half = None;
        for index in 0..page.count() {
            let char = page.char(index);
            let c = match (char.unicode, half.take()) {
                (high @ 0xD800..0xDC00, _) => {
                    half = Some(high);
                    continue;
                }
                (low @ 0xDC00..0xE000, Some(high)) => {
                    char::from_u32(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
                }
                _ if char.hyphen => Some('-'),
                (code, _) => char::from_u32(code),
            };
            match c {
                Some('\r') => {}
                Some('\n') => read.text.push('\n'),
                Some(c) if c.is_whitespace() => read.text.push(' '),
                Some(c) if !char.unmapped && is_text(c) => {
                    read.readable = read.readable.saturating_add(1);
                    if !char.generated
                        && let Some(corners) = page.corners(index, sides)
                    {
                        let offset = u32::try_from(read.text.len()).unwrap_or(u32::MAX);
                        read.glyphs.boxes.push((offset, bounds(corners)));
                    }
                    read.text.push(c);
                }
                _ => read.unreadable = read.unreadable.saturating_add(1),
            }
        }
        Some(read)
    }
}

/// Returns whether `c` is text, not a placeholder for a letter that pdfium does not know or for no letter.
fn is_text(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{FFFD}'..='\u{FFFF}' | '\u{FEFF}')
}

fn units(points: f32) -> Option<c_int> {
    #[expect(clippy::cast_possible_truncation, reason = "at most SIDE_MAX, in eighths")]
    (points > 0.0 && points <= SIDE_MAX).then(|| (points * UNITS).round() as c_int)
}

fn bounds([a, b]: [(c_int, c_int); 2]) -> Bounds {
    #[expect(clippy::cast_precision_loss, reason = "far below what f32 holds on any page")]
    let points = |units: c_int| units as f32 / UNITS;
    Bounds {
        x0: points(a.0.min(b.0)),
        y0: points(a.1.min(b.1)),
        x1: points(a.0.max(b.0)),
        y1: points(a.1.max(b.1)),
    }
}
