//! A page of vectors and text, as a PDF content stream.

use std::collections::BTreeSet;

use pdf_writer::{Content, Name, Settings, Str};

use crate::canvas::{Canvas, Label, Point, RunStyle};
use crate::faces::Face;
use crate::rng::SampleRng;

/// Writes drawing operators, and records the faces that they use.
pub(crate) struct Pen {
    content: Content,
    faces: BTreeSet<Face>,
    /// Random numbers for kerning and for the positions where codes are cut, which have no meaning.
    rng: SampleRng,
}

/// Rounds to two decimals: a hundredth of a point is invisible and keeps files small.
fn round(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

impl Pen {
    pub(crate) fn new(rng: SampleRng) -> Self {
        let mut content = Content::with_settings(Settings { pretty: false });
        content.set_line_join(pdf_writer::types::LineJoinStyle::RoundJoin);
        Self { content, faces: BTreeSet::new(), rng }
    }

    /// Returns the content stream and the faces that it uses.
    pub(crate) fn finish(self) -> (Vec<u8>, BTreeSet<Face>) {
        (self.content.finish().into_vec(), self.faces)
    }

    fn path(&mut self, points: &[Point]) {
        for (number, (x, y)) in points.iter().enumerate() {
            if number == 0 {
                self.content.move_to(round(*x), round(*y));
            } else {
                self.content.line_to(round(*x), round(*y));
            }
        }
    }

    fn encoded(face: Face, text: impl Iterator<Item = char>) -> Vec<u8> {
        let mut bytes = Vec::new();
        for character in text {
            face.encode(character, &mut bytes);
        }
        bytes
    }

    fn place(&mut self, (x, y): Point, upright: bool) {
        let (x, y) = (round(x), round(y));
        let matrix = if upright { [0.0, 1.0, -1.0, 0.0, x, y] } else { [1.0, 0.0, 0.0, 1.0, x, y] };
        self.content.set_text_matrix(matrix);
    }

    fn kerned(&mut self, label: &Label<'_>) {
        let mut items = Vec::new();
        for character in label.text.chars() {
            let adjust = f32::from(self.rng.between(0, 60)) - 30.0;
            items.push((Self::encoded(label.face, std::iter::once(character)), adjust));
        }
        let mut show = self.content.show_positioned();
        let mut positioned = show.items();
        for (bytes, adjust) in items {
            positioned.show(Str(&bytes)).adjust(adjust);
        }
    }

    /// Writes the pieces that begin at the given byte offsets of the text, each at its own position.
    fn pieces(&mut self, label: &Label<'_>, cuts: &[usize]) {
        let (x, y) = label.start();
        for (number, from) in cuts.iter().enumerate() {
            let to = cuts.get(number + 1).copied().unwrap_or(label.text.len());
            let before = label.face.width(&label.text[..*from], label.size);
            self.place(if label.upright { (x, y + before) } else { (x + before, y) }, label.upright);
            let bytes = Self::encoded(label.face, label.text[*from..to].chars());
            self.content.show(Str(&bytes));
        }
    }
}

impl Canvas for Pen {
    fn pen(&mut self, width: f32, dashed: bool) {
        self.content.set_line_width(round(width));
        if dashed {
            self.content.set_dash_pattern([8.0, 2.0, 1.5, 2.0], 0.0);
        } else {
            self.content.set_dash_pattern([], 0.0);
        }
    }

    fn line(&mut self, points: &[Point], closed: bool) {
        self.path(points);
        if closed {
            self.content.close_and_stroke();
        } else {
            self.content.stroke();
        }
    }

    fn circle(&mut self, (x, y): Point, radius: f32) {
        // The distance of the control points with which four curves form a circle.
        let k = radius * 0.552_285;
        let (x, y, r, k) = (round(x), round(y), round(radius), round(k));
        self.content.move_to(x + r, y);
        self.content.cubic_to(x + r, y + k, x + k, y + r, x, y + r);
        self.content.cubic_to(x - k, y + r, x - r, y + k, x - r, y);
        self.content.cubic_to(x - r, y - k, x - k, y - r, x, y - r);
        self.content.cubic_to(x + k, y - r, x + r, y - k, x + r, y);
        self.content.close_and_stroke();
    }

    fn fill(&mut self, points: &[Point]) {
        self.path(points);
        self.content.close_path();
        self.content.fill_nonzero();
    }

    fn label(&mut self, label: &Label<'_>) {
        self.faces.insert(label.face);
        self.content.begin_text();
        self.content.set_font(Name(label.face.resource()), round(label.size));
        let starts: Vec<usize> = label.text.char_indices().map(|(at, _)| at).collect();
        match label.run {
            RunStyle::Halves if starts.len() > 1 => {
                let cut = starts[1 + self.rng.index(starts.len() - 1)];
                self.pieces(label, &[0, cut]);
            }
            RunStyle::Glyphs => self.pieces(label, &starts),
            RunStyle::Kerned => {
                self.place(label.start(), label.upright);
                self.kerned(label);
            }
            RunStyle::Whole | RunStyle::Halves => self.pieces(label, &[0]),
        }
        self.content.end_text();
    }
}
