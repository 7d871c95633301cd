//! A scanned sheet: black and white dots, slightly askew, with dust. It contains no text.

use crate::canvas::{Canvas, Label, Point};
use crate::lettering::{self, PEN, UNIT};
use crate::rng::SampleRng;

/// Dots per point: 200 dots per inch.
pub(crate) const DENSITY: f32 = 200.0 / 72.0;

/// A bitmap with one bit per dot; 1 is paper.
#[derive(Debug)]
pub(crate) struct Raster {
    pub(crate) width: u32,
    pub(crate) height: u32,
    bits: Vec<u8>,
    stroke: f32,
    dashed: bool,
    /// Sine of the angle by which the sheet is askew.
    skew: f32,
}

#[expect(clippy::cast_possible_truncation, reason = "coordinates of one page, a few thousand at most")]
fn dot(value: f32) -> i32 {
    value.floor() as i32
}

impl Raster {
    /// Makes an empty scan of a page of `size` points.
    pub(crate) fn new(size: Point, rng: &mut SampleRng) -> Self {
        let dots = |points: f32| dot(points * DENSITY).unsigned_abs();
        let (width, height) = (dots(size.0), dots(size.1));
        let mut raster = Self {
            width,
            height,
            bits: vec![0xFF; (width.div_ceil(8) * height) as usize],
            stroke: 1.0,
            dashed: false,
            skew: (rng.tenths(0, 6) - 3.0) / 1000.0,
        };
        for _ in 0..120 {
            let (x, y) = (rng.below(width).cast_signed(), rng.below(height).cast_signed());
            raster.set(x, y);
        }
        raster
    }

    /// Returns the rows from the top, each padded to whole bytes.
    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    fn set(&mut self, x: i32, y: i32) {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else {
            return;
        };
        if x < self.width && y < self.height {
            self.bits[(y * self.width.div_ceil(8) + x / 8) as usize] &= !(0x80 >> (x % 8));
        }
    }

    /// Converts points to dots, with rows counted from the top.
    fn map(&self, (x, y): Point) -> Point {
        let height = f32::from(u16::try_from(self.height).unwrap_or(u16::MAX));
        ((x + y * self.skew) * DENSITY, height - (y - x * self.skew) * DENSITY)
    }

    /// Draws a stroke of `thickness` dots as closely spaced discs.
    fn stroke(&mut self, from: Point, to: Point, thickness: f32) {
        let (start, end) = (self.map(from), self.map(to));
        let radius = (thickness / 2.0).max(0.8);
        let reach = dot(radius) + 1;
        let middle = |dot: i32| f32::from(i16::try_from(dot).unwrap_or(0)) + 0.5;
        let length = (end.0 - start.0).hypot(end.1 - start.1);
        let steps = u16::try_from(dot(length / 0.8)).unwrap_or(u16::MAX).max(1);
        for step in 0..=steps {
            // A centre line: long dash, gap, short dash, gap.
            if self.dashed && matches!(step % 70, 44..=51 | 60..=67) {
                continue;
            }
            let part = f32::from(step) / f32::from(steps);
            let (x, y) = (start.0 + (end.0 - start.0) * part, start.1 + (end.1 - start.1) * part);
            for dy in -reach..=reach {
                for dx in -reach..=reach {
                    let (near_x, near_y) = (dot(x) + dx, dot(y) + dy);
                    let (off_x, off_y) = (middle(near_x) - x, middle(near_y) - y);
                    if off_x * off_x + off_y * off_y <= radius * radius {
                        self.set(near_x, near_y);
                    }
                }
            }
        }
    }
}

impl Canvas for Raster {
    fn pen(&mut self, width: f32, dashed: bool) {
        self.stroke = width * DENSITY;
        self.dashed = dashed;
    }

    fn line(&mut self, points: &[Point], closed: bool) {
        let back = if closed { points.first() } else { None };
        let path: Vec<Point> = points.iter().chain(back).copied().collect();
        for pair in path.windows(2) {
            self.stroke(pair[0], pair[1], self.stroke);
        }
    }

    fn circle(&mut self, (x, y): Point, radius: f32) {
        let corners = (0..48_u8).map(|n| {
            let (sin, cos) = (f32::from(n) * std::f32::consts::TAU / 48.0).sin_cos();
            (x + radius * cos, y + radius * sin)
        });
        let corners: Vec<Point> = corners.collect();
        self.line(&corners, true);
    }

    fn fill(&mut self, points: &[Point]) {
        // Arrow heads are only a few dots in size: strokes from the tip fill them.
        let Some((tip, rest)) = points.split_first() else {
            return;
        };
        for pair in rest.windows(2) {
            for step in 0..=8_u8 {
                let part = f32::from(step) / 8.0;
                let to =
                    (pair[0].0 + (pair[1].0 - pair[0].0) * part, pair[0].1 + (pair[1].1 - pair[0].1) * part);
                self.stroke(*tip, to, 1.0);
            }
        }
    }

    fn label(&mut self, label: &Label<'_>) {
        let (x, y) = label.start();
        let scale = label.size * UNIT / 1000.0;
        let thickness = PEN * scale * DENSITY;
        let dashed = std::mem::replace(&mut self.dashed, false);
        let mut along = 0.0;
        for character in label.text.chars() {
            let glyph = lettering::find(character);
            for stroke in lettering::strokes(glyph) {
                let placed: Vec<Point> = stroke
                    .iter()
                    .map(|(gx, gy)| {
                        let (right, up) = (along + gx * scale, gy * scale);
                        if label.upright { (x - up, y + right) } else { (x + right, y + up) }
                    })
                    .collect();
                for pair in placed.windows(2) {
                    self.stroke(pair[0], pair[1], thickness);
                }
            }
            along += lettering::advance(glyph) * scale;
        }
        self.dashed = dashed;
    }
}
