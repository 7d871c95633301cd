//! What a sheet is drawn on: a page of vectors and text ([`crate::pen`]) or the scan of one
//! ([`crate::raster`]). Lengths are points (1/72 inch), the origin is the lower left corner.

use crate::faces::Face;

pub(crate) type Point = (f32, f32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a piece of text is cut when it is written. A reader sees no difference; a program that
/// reads one run at a time loses the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    Whole,
    /// One operator with adjustments between the glyphs.
    Kerned,
    /// Two pieces, each placed by itself.
    Halves,
    /// Every glyph placed by itself, as CAD programs do.
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
    /// Turned by 90° to read from below upwards.
    pub(crate) upright: bool,
    pub(crate) run: Run,
}

impl Label<'_> {
    /// Where the base line starts, the anchor taken into account.
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

/// Strokes and text.
pub(crate) trait Canvas {
    /// Width of the strokes that follow, and whether they are dashed like a centre line.
    fn pen(&mut self, width: f32, dashed: bool);
    fn line(&mut self, points: &[Point], closed: bool);
    fn circle(&mut self, centre: Point, radius: f32);
    /// A filled triangle or the like.
    fn fill(&mut self, points: &[Point]);
    fn label(&mut self, label: &Label<'_>);
}
