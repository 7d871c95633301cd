//! The surface that a sheet is drawn on: a page of vectors and text ([`crate::pen`]) or a scanned page
//! ([`crate::raster`]). Lengths are in points (1/72 inch), and the origin is the lower left corner.

use crate::faces::Face;

pub(crate) type Point = (f32, f32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a piece of text is cut into runs. A person sees no difference; a program that reads one run at a time misses the
/// code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStyle {
    Whole,
    /// One operator with adjustments between the glyphs.
    Kerned,
    /// Two pieces, each placed separately.
    Halves,
    /// Every glyph placed separately, as CAD programs do.
    Glyphs,
}

/// One line of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: Point,
    pub(crate) size: f32,
    pub(crate) face: Face,
    pub(crate) anchor: Anchor,
    /// Turned by 90° to read from bottom to top.
    pub(crate) upright: bool,
    pub(crate) run: RunStyle,
}

impl Label<'_> {
    /// Returns the start of the base line, given the anchor.
    pub(crate) fn start(&self) -> Point {
        let width = self.face.width(self.text, self.size);
        let back = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let (x, y) = self.at;
        if self.upright { (x, y - back) } else { (x - back, y) }
    }
}

/// Draws strokes and text.
pub(crate) trait Canvas {
    /// Sets the width of the following strokes, and whether they are dashed like a centre line.
    fn pen(&mut self, width: f32, dashed: bool);
    fn line(&mut self, points: &[Point], closed: bool);
    fn circle(&mut self, centre: Point, radius: f32);
    /// Fills a polygon such as a triangle.
    fn fill(&mut self, points: &[Point]);
    fn label(&mut self, label: &Label<'_>);
}
