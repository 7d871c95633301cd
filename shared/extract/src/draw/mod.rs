//! Draws one page as a picture for people: the place where a code was found.
//!
//! PDFs are drawn, pictures are scaled. Like everything in this crate it is meant for a process that may be lost: a
//! page may use up all memory and time.

mod fit;
mod page;
mod picture;
mod scale;
mod tiff;

pub(crate) use fit::fit;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::sniff::SniffedFile;
use crate::{Bounds, ExtractError, FileFormat, Place, ReadLimits};

/// The width a page may be drawn in, in pixels.
pub const WIDTHS: std::ops::RangeInclusive<u32> = 100..=3000;
/// Pixels of any resulting picture: longer pages are drawn narrower than requested.
const PIXELS_MAX: f32 = 12e6;
/// The longest side of a picture in pixels; browsers do not show longer ones.
const SIDE_MAX: f32 = 16_000.0;
/// Margin around a code, in units of the page (points of a PDF), and at least this many times the code's shorter side,
/// because the units of a picture file are pixels, which are finer.
const MARGIN: f32 = 40.0;
const MARGIN_HEIGHTS: f32 = 2.0;
/// Largest size of a crop in pixels. A small region is enlarged to at most `CROP_SCALE` pixels a point.
const CROP: (f32, f32) = (600.0, 200.0);
const CROP_SCALE: f32 = 300.0 / 72.0;
/// The outline: its colour, its width in pixels, and the gap between it and the code in pixels.
const OUTLINE: [u8; 3] = [220, 38, 38];
const OUTLINE_WIDTH: f32 = 2.0;
const OUTLINE_GAP: f32 = 3.0;

/// Which part of a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// No part: only the page's size is returned.
    Size,
    /// All of the page, `width` pixels wide (within [`WIDTHS`]). A picture is never enlarged.
    Page { width: u32 },
    /// This part, outlined, with a margin around it, at most 600 × 200 pixels.
    Around(Bounds),
}

/// A page, or part of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drawn {
    /// Sent apart from the other fields; empty for [`View::Size`].
    #[serde(skip)]
    pub png: Vec<u8>,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    /// Width and height of the whole page as it is shown (turned, cut to its crop box), in the units of all boxes on
    /// it: a PDF's points (ignoring its `UserUnit`), a picture's pixels.
    pub page: (f32, f32),
    /// The part shown, in the same units.
    pub region: Bounds,
}

/// Why a page cannot be shown, for the person who requested it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum DrawError {
    #[error("the file has no pages that can be shown")]
    NoPages,
    #[error("page {page} does not exist: the last page is {pages}")]
    NoSuchPage { page: u32, pages: u32 },
    #[error("pages of files in archives cannot be shown")]
    InArchive,
    #[error("the width must be between {} and {} pixels", WIDTHS.start(), WIDTHS.end())]
    Width,
    #[error("it is outside the visible part of the page")]
    Outside,
    #[error("drawing failed: {0}")]
    Failed(String),
    #[error(transparent)]
    Unreadable(#[from] ExtractError),
}

impl Place {
    /// Returns the page, for files that are shown page by page. A picture file with a single page has page 1.
    pub fn page(&self) -> Result<u32, DrawError> {
        match self {
            Self::Page(page) => Ok(*page),
            Self::Inside { .. } => Err(DrawError::InArchive),
            Self::Cell { .. } | Self::Line(_) | Self::Paragraph(_) | Self::Slide(_) | Self::File => {
                Err(DrawError::NoPages)
            }
        }
    }
}

/// Draws a page, counted from 1. `name` is only a hint, as for [`crate::extract`].
pub fn draw(
    name: &str,
    bytes: &Bytes,
    limits: &ReadLimits,
    page: u32,
    view: View,
) -> Result<Drawn, DrawError> {
    if let View::Page { width } = view
        && !WIDTHS.contains(&width)
    {
        return Err(DrawError::Width);
    }
    let drawn = std::panic::catch_unwind(|| {
        let file = SniffedFile::new(name, bytes)?;
        match file.format()?.0 {
            FileFormat::Pdf => page::draw(bytes, limits, page, view),
            kind @ (FileFormat::Png | FileFormat::Jpeg | FileFormat::Tiff) => {
                picture::draw(kind, bytes, limits, page, view)
            }
            _ => Err(DrawError::NoPages),
        }
    });
    drawn.unwrap_or_else(|panic| Err(DrawError::Failed(crate::message(panic.as_ref()))))
}

/// The position of a view on its page, and its scale.
#[derive(Debug, Clone, Copy, PartialEq)]
struct ViewFrame {
    region: Bounds,
    /// Pixels per unit of the page.
    scale: f32,
    pixels: (u32, u32),
}

impl View {
    /// Returns `None` for [`View::Size`].
    fn frame(self, page: (f32, f32)) -> Result<Option<ViewFrame>, DrawError> {
        let whole = Bounds { x0: 0.0, y0: 0.0, x1: page.0, y1: page.1 };
        let (region, scale) = match self {
            Self::Size => return Ok(None),
            #[expect(clippy::cast_precision_loss, reason = "at most thousands")]
            Self::Page { width } => (whole, width as f32 / page.0),
            Self::Around(bounds) => {
                let Bounds { x0, y0, x1, y1 } = bounds;
                if !(x1 > 0.0 && x0 < page.0 && y1 > 0.0 && y0 < page.1) {
                    return Err(DrawError::Outside);
                }
                let bounds = within(bounds, whole);
                let margin = MARGIN.max((bounds.y1 - bounds.y0).min(bounds.x1 - bounds.x0) * MARGIN_HEIGHTS);
                // Use the full width of the crop: show more on both sides if it fits.
                let wide = (bounds.y1 - bounds.y0 + 2.0 * margin) * (CROP.0 / CROP.1);
                let beside = margin.max((wide - (bounds.x1 - bounds.x0)) / 2.0);
                let around = Bounds {
                    x0: bounds.x0 - beside,
                    y0: bounds.y0 - margin,
                    x1: bounds.x1 + beside,
                    y1: bounds.y1 + margin,
                };
                let region = within(around, whole);
                let fit = (CROP.0 / (region.x1 - region.x0)).min(CROP.1 / (region.y1 - region.y0));
                (region, fit.min(CROP_SCALE))
            }
        };
        let size = (region.x1 - region.x0, region.y1 - region.y0);
        let scale = scale.min((PIXELS_MAX / (size.0 * size.1)).sqrt());
        // A page may be a thousand times as long as wide.
        let scale = scale.min(SIDE_MAX / size.0.max(size.1));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most PIXELS_MAX")]
        let pixels = |side: f32| ((side * scale).round() as u32).max(1);
        Ok(Some(ViewFrame { region, scale, pixels: (pixels(size.0), pixels(size.1)) }))
    }
}

/// Draws the outline around the view's bounds on its picture.
fn outline(rgb: &mut [u8], (width, height): (u32, u32), view: View, frame: &ViewFrame, page: (f32, f32)) {
    let View::Around(bounds) = view else { return };
    let bounds = within(bounds, Bounds { x0: 0.0, y0: 0.0, x1: page.0, y1: page.1 });
    let region = frame.region;
    #[expect(clippy::cast_precision_loss, reason = "at most hundreds")]
    let part = |at: f32, from: f32, to: f32, pixels: u32| (at - from) / (to - from) * pixels as f32;
    let x = |at| part(at, region.x0, region.x1, width);
    let y = |at| part(at, region.y0, region.y1, height);
    let (x0, x1) = (x(bounds.x0) - OUTLINE_GAP, x(bounds.x1) + OUTLINE_GAP);
    let (y0, y1) = (y(bounds.y0) - OUTLINE_GAP, y(bounds.y1) + OUTLINE_GAP);
    let wide = OUTLINE_WIDTH;
    let bars = [
        (x0 - wide, x1 + wide, y0 - wide, y0),
        (x0 - wide, x1 + wide, y1, y1 + wide),
        (x0 - wide, x0, y0, y1),
        (x1, x1 + wide, y0, y1),
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the picture")]
    let pixels = |from: f32, to: f32, most: u32| {
        let cut = |at: f32| (at.round().max(0.0) as u32).min(most) as usize;
        cut(from)..cut(to)
    };
    for (left, right, top, bottom) in bars {
        for row in pixels(top, bottom, height) {
            for column in pixels(left, right, width) {
                let at = (row * width as usize + column) * OUTLINE.len();
                rgb[at..at + OUTLINE.len()].copy_from_slice(&OUTLINE);
            }
        }
    }
}

/// Returns the part of `bounds` that is on the page: never empty, however wrong `bounds` are.
fn within(bounds: Bounds, page: Bounds) -> Bounds {
    let part = |from: f32, to: f32, most: f32| {
        let from = if from.is_finite() { from.clamp(0.0, most - 1.0_f32.min(most)) } else { 0.0 };
        let to = if to.is_finite() { to.clamp(from, most) } else { most };
        (from, to.max((from + 1.0).min(most)))
    };
    let ((x0, x1), (y0, y1)) = (part(bounds.x0, bounds.x1, page.x1), part(bounds.y0, bounds.y1, page.y1));
    Bounds { x0, y0, x1, y1 }
}

/// Returns the brightness as the eye perceives it.
pub(crate) fn grey([r, g, b]: [u8; 3]) -> u8 {
    let bright = u32::from(r) * 77 + u32::from(g) * 150 + u32::from(b) * 29;
    u8::try_from(bright >> 8).unwrap_or(u8::MAX)
}

fn encode(rgb: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, DrawError> {
    let encode = || -> Result<Vec<u8>, png::EncodingError> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Fast);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(rgb)?;
        writer.finish()?;
        Ok(out)
    };
    encode().map_err(|error| DrawError::Failed(error.to_string()))
}
