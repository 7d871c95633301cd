//! Turns glyphs with positions into lines of text: decides where a gap is a space and where a line ends.
//!
//! Glyphs are processed in the order of the content stream. Producers write a line left to right, so sorting a page as
//! a reading-order engine does would cost more than everything else and gain few words.

use super::matrix::Matrix;
use crate::{Bounds, Glyphs};

/// A gap wider than this share of the font size separates words. The narrowest space in print is about 0.2, the widest
/// kerning about 0.1.
const SPACE: f32 = 0.13;
/// The same between a small raised or lowered mark, such as a footnote's number, and the larger word after it.
const SPACE_AFTER_MARK: f32 = 0.06;
/// A mark is at least this far above or below, as a share of the font size.
const MARK_ASIDE: f32 = 0.1;
/// Leaving the baseline by more than this share of the font size starts a new line; superscripts stay on the line.
const NEW_LINE: f32 = 0.5;
/// Moving back by more than this share of the font size starts a new line; accents and kerning stay on the line.
const STEP_BACK: f32 = 1.0;
/// Moving back a little, to another height and another size, also starts a new line: a label under a symbol. Accents
/// have the size of their letter, and logos such as TeX's neither rise nor move back so far.
const OTHER_SIZE: f32 = 0.8;
const LABEL_ASIDE: f32 = 0.3;
const LABEL_BACK: f32 = 0.15;
/// The same character again within this share of the font size imitates bold type.
const OVERPRINT: f32 = 0.1;
/// Share of the font size by which a glyph's box rises above and falls below the baseline.
const ASCENT: f32 = 0.75;
const DESCENT: f32 = -0.22;

/// The position and style of one string: everything that is the same for all its glyphs.
#[derive(Debug, Clone, Copy)]
pub(super) struct StringRun {
    /// The pen's movement on the page for one unit of text space along the baseline.
    step: (f32, f32),
    /// The same as a unit vector.
    direction: (f32, f32),
    /// Font size on the page, along and across the baseline.
    em: f32,
    height: f32,
    /// The extent of a glyph's box around its origin, across the baseline.
    reach_x: (f32, f32),
    reach_y: (f32, f32),
}

impl StringRun {
    /// `text` maps text space to the page; `size` and `stretch` are the text state's. `em` is the size of the font's
    /// em, as the font defines it (1 for all but Type 3 fonts).
    pub fn new(text: &Matrix, size: f32, stretch: f32, em: f32, vertical: bool) -> Self {
        let along = (text.a * stretch, text.b * stretch);
        let (step, up) = if vertical { ((text.c, text.d), along) } else { (along, (text.c, text.d)) };
        let length = step.0.hypot(step.1).max(f32::MIN_POSITIVE);
        let size = size * em;
        // Vertical writing advances by negative widths, so the pen moves the other way.
        let sign = if (size < 0.0) == vertical { 1.0 } else { -1.0 };
        let height = (up.0.hypot(up.1) * size).abs();
        let (top, bottom) = if vertical { (0.5, -0.5) } else { (ASCENT, DESCENT) };
        let order = |a: f32, b: f32| if a < b { (a, b) } else { (b, a) };
        Self {
            step,
            direction: (step.0 / length * sign, step.1 / length * sign),
            em: (length * size).abs().max(1e-3),
            height: height.max(1e-3),
            reach_x: order(up.0 * size * top, up.0 * size * bottom),
            reach_y: order(up.1 * size * top, up.1 * size * bottom),
        }
    }

    pub fn step(&self) -> (f32, f32) {
        self.step
    }
}

/// The end of the text written so far.
#[derive(Debug, Clone, Copy)]
struct PenState {
    end: (f32, f32),
    direction: (f32, f32),
    em: f32,
    height: f32,
    /// Origin of the last glyph, to notice a glyph drawn twice.
    origin: (f32, f32),
    glyph: u32,
}

impl PenState {
    /// Returns whether the last glyph is a mark of a pictorial font, such as the dot of a point: a letter without width
    /// that other glyphs print over.
    fn is_symbol(&self) -> bool {
        self.end == self.origin && char::from_u32(self.glyph).is_some_and(char::is_alphanumeric)
    }
}

/// The box of text that has no place on the page.
const NOWHERE: Bounds = Bounds { x0: f32::NAN, y0: f32::NAN, x1: f32::NAN, y1: f32::NAN };

/// A page's text as it grows.
#[derive(Debug, Default)]
pub(super) struct PageLayout {
    pub text: String,
    pub glyphs: Glyphs,
    /// Whether `glyphs` are recorded.
    pub is_noted: bool,
    pen: Option<PenState>,
    space: bool,
}

impl PageLayout {
    pub fn clear(&mut self) {
        self.text.clear();
        self.glyphs.boxes.clear();
        self.pen = None;
        self.space = false;
    }

    /// Records that a space glyph was drawn: the next visible glyph begins a word, wherever it is.
    pub fn space(&mut self) {
        self.space = true;
    }

    /// Adds lines of text that are not drawn: no glyph before them covers them, and none after them continues them.
    pub fn line(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        if self.is_noted {
            let offset = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
            self.glyphs.boxes.push((offset, NOWHERE));
        }
        self.text.push_str(text);
        self.text.push('\n');
        self.pen = None;
        self.space = false;
    }

    /// Prepares for a glyph at `at` that does not directly follow the last one: adds a space or a line end where the
    /// page shows one. Returns false if the glyph only prints over the same glyph again.
    pub fn join(&mut self, run: &StringRun, at: (f32, f32), glyph: u32) -> bool {
        let space = std::mem::take(&mut self.space);
        let Some(pen) = &self.pen else { return true };
        let (dx, dy) = (at.0 - pen.end.0, at.1 - pen.end.1);
        let along = dx * run.direction.0 + dy * run.direction.1;
        let across = (dx * run.direction.1 - dy * run.direction.0).abs();
        let same_way = pen.direction.0 * run.direction.0 + pen.direction.1 * run.direction.1 > 0.95;
        let (em, larger) = if run.em < pen.em { (run.em, pen.em) } else { (pen.em, run.em) };
        let height = run.height.max(pen.height);
        let after_mark = pen.em < OTHER_SIZE * run.em && across > MARK_ASIDE * em;
        let gap = if after_mark { SPACE_AFTER_MARK } else { SPACE } * em;
        let label = em < OTHER_SIZE * larger && across > LABEL_ASIDE * height;
        let back = if label { LABEL_BACK } else { STEP_BACK };
        if !same_way || across > NEW_LINE * height || along < -back * larger {
            self.text.push('\n');
        } else if along < 0.0
            && glyph == pen.glyph
            && (at.0 - pen.origin.0).abs() + (at.1 - pen.origin.1).abs() < OVERPRINT * run.em
        {
            return false;
        } else if space || along > gap || (along < 0.0 && pen.is_symbol()) {
            self.text.push(' ');
        }
        true
    }

    /// Records the box of the glyph whose text is pushed next, if boxes are wanted; `advance` is in text space.
    #[inline]
    pub fn place(&mut self, run: &StringRun, at: (f32, f32), advance: f32) {
        if !self.is_noted {
            return;
        }
        let (vx, vy) = (run.step.0 * advance, run.step.1 * advance);
        // A page's text is far below 4 GB: so is the lexer's input, and limits stop longer text.
        let offset = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.glyphs.boxes.push((
            offset,
            Bounds {
                x0: at.0 + vx.min(0.0) + run.reach_x.0,
                y0: at.1 + vy.min(0.0) + run.reach_y.0,
                x1: at.0 + vx.max(0.0) + run.reach_x.1,
                y1: at.1 + vy.max(0.0) + run.reach_y.1,
            },
        ));
    }

    /// Records that the last glyph pushed was at `origin` and that the pen is now at `end`.
    pub fn settle(&mut self, run: &StringRun, origin: (f32, f32), end: (f32, f32), glyph: u32) {
        self.pen =
            Some(PenState { end, direction: run.direction, em: run.em, height: run.height, origin, glyph });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(layout: &mut PageLayout, matrix: [f32; 6], size: f32, word: &str) {
        let text = Matrix::new(matrix);
        let run = StringRun::new(&text, size, 1.0, 1.0, false);
        let mut at = (text.e, text.f);
        let mut first = true;
        for c in word.chars() {
            if first && !layout.join(&run, at, u32::from(c)) {
                return;
            }
            first = false;
            layout.place(&run, at, 0.5 * size);
            layout.text.push(c);
            let end = (at.0 + run.step().0 * 0.5 * size, at.1 + run.step().1 * 0.5 * size);
            layout.settle(&run, at, end, u32::from(c));
            at = end;
        }
    }

    #[test]
    fn gaps_become_spaces_and_lines() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 0.0, 100.0], 10.0, "HO");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 10.5, 100.0], 10.0, "LE");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 24.0, 100.0], 10.0, "x");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 29.0, 97.0], 7.0, "2");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 0.0, 112.0], 10.0, "next");
        assert_eq!(l.text, "HOLE x2\nnext");
    }

    #[test]
    fn rotated_text_joins_along_its_own_baseline() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        // Reading upwards on the page: y falls.
        write(&mut l, [0.0, -1.0, -1.0, 0.0, 50.0, 300.0], 10.0, "HO");
        write(&mut l, [0.0, -1.0, -1.0, 0.0, 50.0, 290.0], 10.0, "LE");
        write(&mut l, [0.0, -1.0, -1.0, 0.0, 50.0, 275.0], 10.0, "7");
        assert_eq!(l.text, "HOLE 7");
        let (_, first) = l.glyphs.boxes[0];
        assert!((first.y1 - 300.0).abs() < 0.01 && (first.y0 - 295.0).abs() < 0.01);
        assert!(first.x0 < 50.0 && first.x1 > 50.0 && first.x1 - first.x0 > 9.0);
    }

    #[test]
    fn a_label_under_a_symbol_is_a_line_of_its_own() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 100.0, 100.0], 20.0, "A");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 98.0, 109.0], 6.0, "00C6");
        assert_eq!(l.text, "A\n00C6");
        // An index may reach back under an italic letter, as may the A of LaTeX's name over its L.
        l.clear();
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 100.0, 100.0], 10.0, "V");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 103.0, 102.0], 7.0, "2");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 100.0, 200.0], 10.0, "L");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 101.4, 198.0], 7.0, "A");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 103.4, 200.0], 10.0, "T");
        assert_eq!(l.text, "V2\nLAT");
    }

    #[test]
    fn a_word_after_a_lowered_or_raised_mark_stands_apart() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 0.0, 96.0], 6.0, "8");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 3.5, 100.0], 10.0, "HOLE");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 24.0, 96.0], 6.0, "2");
        assert_eq!(l.text, "8 HOLE2");
        l.clear();
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 0.0, 102.0], 7.0, "2");
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 3.6, 100.0], 10.0, "O");
        assert_eq!(l.text, "2O", "no gap");
    }

    #[test]
    fn a_point_symbol_without_width_is_no_letter_of_its_label() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        let text = Matrix::new([1.0, 0.0, 0.0, -1.0, 52.0, 101.0]);
        let run = StringRun::new(&text, 5.0, 1.0, 1.0, false);
        let point = (52.0, 101.0);
        assert!(l.join(&run, point, u32::from('b')));
        l.place(&run, point, 0.0);
        l.text.push('b');
        l.settle(&run, point, point, u32::from('b'));
        write(&mut l, [1.0, 0.0, 0.0, -1.0, 50.0, 100.0], 10.0, "M340");
        assert_eq!(l.text, "b M340");
    }

    #[test]
    fn overprinted_glyphs_count_once() {
        let mut l = PageLayout { is_noted: true, ..PageLayout::default() };
        for (i, c) in ["H", "O", "L"].iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let x = 5.0 * i as f32;
            write(&mut l, [1.0, 0.0, 0.0, -1.0, x, 0.0], 10.0, c);
            write(&mut l, [1.0, 0.0, 0.0, -1.0, x + 0.3, 0.0], 10.0, c);
        }
        assert_eq!(l.text, "HOL");
    }
}
