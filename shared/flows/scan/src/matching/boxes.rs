//! The boxes of a match on its page: one for each line of text that it covers.

use riffle_extract::{Bounds, Glyphs};
use serde::{Deserialize, Serialize};

/// A box as fractions of its page, from the top left corner of the page as it is shown. All values are within 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fraction {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

/// Converts a match's boxes to fractions of its page, whose width and height are those of
/// [`riffle_extract::Drawn::page`]. Boxes off the page are left out.
///
/// A match keeps its boxes in the units of the page, downwards from the top left corner of the page as it is shown: the
/// rotation (`Rotate`) and the crop box are already applied, so nothing of that remains to be done here. `UserUnit`
/// scales page and boxes alike and is included in neither.
pub fn fractions(boxes: &[Bounds], page: (f32, f32)) -> Vec<Fraction> {
    let part = |from: f32, to: f32, side: f32| {
        let from = (from / side).clamp(0.0, 1.0);
        (from, (to / side).clamp(from, 1.0) - from)
    };
    let fraction = |bounds: &Bounds| {
        let (x, width) = part(bounds.x0, bounds.x1, page.0);
        let (y, height) = part(bounds.y0, bounds.y1, page.1);
        Fraction { x, y, width, height }
    };
    let is_on_page = |fraction: &Fraction| fraction.width > 0.0 && fraction.height > 0.0;
    boxes.iter().map(fraction).filter(is_on_page).collect()
}

/// Adds the boxes of the glyphs in bytes `start..end` of the unit's `text`, up to `limit` boxes in all.
///
/// Glyphs that follow each other along one line of text share a box, whichever way the line runs: drawings have
/// vertical and slanted labels.
pub(super) fn collect(
    into: &mut Vec<Bounds>,
    glyphs: &Glyphs,
    text: &str,
    (start, end): (usize, usize),
    limit: usize,
) {
    let offset = |index: usize| glyphs.boxes.get(index).map_or(usize::MAX, |(offset, _)| *offset as usize);
    // The first glyph may begin before `start`, when one glyph stands for several characters (a ligature).
    let first = glyphs.boxes.partition_point(|(offset, _)| *offset as usize <= start).saturating_sub(1);
    let mut line: Option<LineBox> = None;
    for (index, (from, bounds)) in glyphs.boxes.iter().enumerate().skip(first) {
        let from = *from as usize;
        if from >= end {
            break;
        }
        let covered = text.get(from..offset(index + 1).min(text.len())).unwrap_or_default();
        // A value that is not a number would not survive JSON either.
        let usable = [bounds.x0, bounds.y0, bounds.x1, bounds.y1].iter().all(|edge| edge.is_finite());
        if !usable || (!covered.is_empty() && covered.trim().is_empty()) {
            continue;
        }
        line = match line {
            Some(open) => match open.join(*bounds) {
                Ok(longer) => Some(longer),
                Err(closed) => {
                    give(into, closed.union, limit);
                    Some(LineBox::new(*bounds))
                }
            },
            None => Some(LineBox::new(*bounds)),
        };
    }
    if let Some(open) = line {
        give(into, open.union, limit);
    }
}

fn give(into: &mut Vec<Bounds>, bounds: Bounds, limit: usize) {
    if into.len() < limit && !into.contains(&bounds) {
        into.push(bounds);
    }
}

/// The glyphs of one line of text so far.
struct LineBox {
    union: Bounds,
    last: Bounds,
    /// Direction of the text, of length 1; known from the second glyph on.
    way: Option<(f32, f32)>,
}

impl LineBox {
    fn new(bounds: Bounds) -> Self {
        Self { union: bounds, last: bounds, way: None }
    }

    /// Adds `next` to the line, or returns the line unchanged as an error if `next` is on another line.
    fn join(self, next: Bounds) -> Result<Self, Self> {
        let (from, to) = (centre(&self.last), centre(&next));
        let step = (to.0 - from.0, to.1 - from.1);
        let length = step.0.hypot(step.1);
        let size = extent(&self.last).max(extent(&next));
        let same_line = match self.way {
            // Two glyphs side by side overlap in height; two above each other overlap in width.
            None => {
                overlap(self.last.y0, self.last.y1, next.y0, next.y1)
                    || overlap(self.last.x0, self.last.x1, next.x0, next.x1)
            }
            Some(way) => {
                let along = step.0 * way.0 + step.1 * way.1;
                let aside = (step.0 * way.1 - step.1 * way.0).abs();
                along >= 0.0 && aside <= size / 2.0
            }
        };
        if !same_line {
            return Err(self);
        }
        let way = self.way.or_else(|| (length > 0.0).then(|| (step.0 / length, step.1 / length)));
        Ok(Self { union: union(&self.union, &next), last: next, way })
    }
}

fn centre(bounds: &Bounds) -> (f32, f32) {
    (f32::midpoint(bounds.x0, bounds.x1), f32::midpoint(bounds.y0, bounds.y1))
}

fn extent(bounds: &Bounds) -> f32 {
    (bounds.x1 - bounds.x0).max(bounds.y1 - bounds.y0)
}

fn overlap(a0: f32, a1: f32, b0: f32, b1: f32) -> bool {
    a0.max(b0) < a1.min(b1)
}

fn union(a: &Bounds, b: &Bounds) -> Bounds {
    Bounds { x0: a.x0.min(b.x0), y0: a.y0.min(b.y0), x1: a.x1.max(b.x1), y1: a.y1.max(b.y1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_parts_of_their_page() {
        let bounds = |x0, y0, x1, y1| Bounds { x0, y0, x1, y1 };
        let page = (200.0, 400.0);
        let on_page = fractions(&[bounds(50.0, 100.0, 100.0, 150.0)], page);
        assert_eq!(on_page, [Fraction { x: 0.25, y: 0.25, width: 0.25, height: 0.125 }]);
        let over_the_edge = fractions(&[bounds(-50.0, 350.0, 50.0, 500.0)], page);
        assert_eq!(over_the_edge, [Fraction { x: 0.0, y: 0.875, width: 0.25, height: 0.125 }]);
        assert_eq!(fractions(&[bounds(300.0, 0.0, 400.0, 10.0)], page), []);
        assert_eq!(fractions(&[bounds(1.0, 1.0, 2.0, 2.0)], (0.0, 0.0)), []);
    }
}
