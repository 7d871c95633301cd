//! A sheet that is being drawn. All text and codes are written through it, so that its content is known.

use std::collections::BTreeSet;

use crate::canvas::{Anchor, Canvas, Label, Point, RunStyle};
use crate::codes::Code;
use crate::faces::Face;
use crate::rng::SampleRng;
use crate::style::Style;

/// The content of the title block.
#[derive(Debug, Clone)]
pub(crate) struct Title {
    pub(crate) number: String,
    pub(crate) name: &'static str,
    pub(crate) of: &'static str,
    pub(crate) material: &'static str,
    pub(crate) finish: &'static str,
    pub(crate) revision: char,
    pub(crate) date: String,
    pub(crate) sheet: usize,
    pub(crate) sheets: usize,
}

pub(crate) struct Sheet<'a> {
    pub(crate) canvas: &'a mut dyn Canvas,
    pub(crate) style: &'a Style,
    pub(crate) rng: &'a mut SampleRng,
    /// Target codes written so far.
    pub(crate) target_codes: BTreeSet<u32>,
    /// Every line of text in the order of writing; kept in tests only.
    pub(crate) lines: Vec<String>,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(canvas: &'a mut dyn Canvas, style: &'a Style, rng: &'a mut SampleRng) -> Self {
        Self { canvas, style, rng, target_codes: BTreeSet::new(), lines: Vec::new() }
    }

    /// Converts a length of the A3 layout to this paper.
    pub(crate) fn len(&self, a3: f32) -> f32 {
        a3 * self.style.paper.scale()
    }

    pub(crate) fn put(&mut self, label: &Label<'_>) {
        if label.text.is_empty() {
            return;
        }
        if cfg!(test) {
            self.lines.push(label.text.to_owned());
        }
        self.canvas.label(label);
    }

    /// Writes horizontal text; `size` is in the A3 layout.
    pub(crate) fn text(&mut self, text: &str, at: Point, size: f32, face: Face, anchor: Anchor) {
        let size = self.len(size);
        self.put(&Label { text, at, size, face, anchor, upright: false, run: RunStyle::Whole });
    }

    /// Writes text that contains a code, which may be cut anywhere.
    pub(crate) fn cut_text(&mut self, text: &str, at: Point, size: f32, face: Face, anchor: Anchor) {
        let (size, run) = (self.len(size), self.rng.pick(self.style.runs));
        self.put(&Label { text, at, size, face, anchor, upright: false, run });
    }

    /// Returns the spelling of a code for this occurrence, and counts the code as written.
    pub(crate) fn spell(&mut self, code: &Code, face: Face) -> String {
        self.target_codes.extend(code.target);
        if self.rng.chance(self.style.look_alike) {
            let hyphen = self.rng.pick(face.look_alikes());
            code.text.replace('-', hyphen.encode_utf8(&mut [0; 4]))
        } else {
            code.text.clone()
        }
    }

    pub(crate) fn frame(&mut self, (x, y): Point, (width, height): Point, pen: f32) {
        let pen = self.len(pen);
        self.canvas.pen(pen, false);
        self.canvas.line(&[(x, y), (x + width, y), (x + width, y + height), (x, y + height)], true);
    }

    pub(crate) fn rule(&mut self, from: Point, to: Point) {
        self.canvas.line(&[from, to], false);
    }

    /// Draws an arrow head with its tip at `tip`, pointing away from `from`.
    pub(crate) fn arrow(&mut self, tip: Point, from: Point) {
        let length = (tip.0 - from.0).hypot(tip.1 - from.1).max(0.01);
        let size = self.len(6.5);
        let (dx, dy) = ((tip.0 - from.0) / length * size, (tip.1 - from.1) / length * size);
        let back = (tip.0 - dx, tip.1 - dy);
        let (wx, wy) = (-dy * 0.18, dx * 0.18);
        self.canvas.fill(&[tip, (back.0 + wx, back.1 + wy), (back.0 - wx, back.1 - wy)]);
    }
}
