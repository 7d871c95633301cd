//! The view of the part: outline, holes, leader lines with their codes, dimensions, a section.

use crate::border::Free;
use crate::canvas::{Anchor, Label, Point, RunStyle};
use crate::part::{Hole, MachinePart, Outline};
use crate::sheet::Sheet;

/// Scales, largest first: the factor and its text in the title block. From ISO 5455, with some values in between, as
/// many offices use.
const SCALES: [(f32, &str); 12] = [
    (5.0, "5:1"),
    (2.0, "2:1"),
    (1.0, "1:1"),
    (2.0 / 3.0, "1:1.5"),
    (0.5, "1:2"),
    (0.4, "1:2.5"),
    (1.0 / 3.0, "1:3"),
    (0.25, "1:4"),
    (0.2, "1:5"),
    (0.1, "1:10"),
    (0.05, "1:20"),
    (0.02, "1:50"),
];
const POINTS_PER_MM: f32 = 72.0 / 25.4;
/// Space for callouts at the sides of the part, and above and below it, in the A3 layout.
const BESIDE: f32 = 128.0;
const ABOVE: f32 = 108.0;
/// Height of the section at the bottom, in the A3 layout.
const SECTION: f32 = 86.0;

/// The position of the part on the sheet.
struct Placed {
    left: f32,
    bottom: f32,
    width: f32,
    height: f32,
    /// Points per millimetre of the part.
    factor: f32,
}

impl Placed {
    fn at(&self, x: f32, y: f32) -> Point {
        (self.left + x * self.factor, self.bottom + y * self.factor)
    }
}

/// Returns the largest scale at which the part fits into `free`: its factor and its name.
pub(crate) fn scale(sheet: &Sheet<'_>, part: &MachinePart, free: Free) -> (f32, &'static str) {
    let width = free.right - free.left - 2.0 * sheet.len(BESIDE);
    let height = free.top - free.bottom - 2.0 * sheet.len(ABOVE) - sheet.len(SECTION);
    let most = (width / part.width).min(height / part.height) / POINTS_PER_MM;
    *SCALES.iter().find(|(factor, _)| *factor <= most).unwrap_or(&SCALES[SCALES.len() - 1])
}

pub(crate) fn draw(sheet: &mut Sheet<'_>, part: &MachinePart, free: Free, scale: (f32, &str)) {
    let factor = scale.0 * POINTS_PER_MM;
    let (width, height) = (part.width * factor, part.height * factor);
    let floor = free.bottom + sheet.len(SECTION);
    let placed = Placed {
        left: f32::midpoint(free.left, free.right) - width / 2.0,
        bottom: f32::midpoint(floor, free.top) - height / 2.0,
        width,
        height,
        factor,
    };
    outline(sheet, part, &placed);
    for hole in &part.holes {
        let (centre, radius) = (placed.at(hole.x, hole.y), radius(sheet, hole, &placed));
        sheet.canvas.pen(sheet.style.paper.scale() * 0.9, false);
        sheet.canvas.circle(centre, radius);
        sheet.canvas.pen(sheet.style.paper.scale() * 0.3, false);
        let reach = radius + sheet.len(4.0);
        sheet.rule((centre.0 - reach, centre.1), (centre.0 + reach, centre.1));
        sheet.rule((centre.0, centre.1 - reach), (centre.0, centre.1 + reach));
    }
    dimensions(sheet, part, &placed);
    callouts(sheet, part, &placed, free);
    section(sheet, part, &placed, free);
}

fn radius(sheet: &Sheet<'_>, hole: &Hole, placed: &Placed) -> f32 {
    (hole.diameter / 2.0 * placed.factor).max(sheet.len(2.2))
}

fn outline(sheet: &mut Sheet<'_>, part: &MachinePart, placed: &Placed) {
    let (w, h) = (part.width, part.height);
    let middle = placed.at(w / 2.0, h / 2.0);
    sheet.canvas.pen(sheet.style.paper.scale() * 1.6, false);
    match part.outline {
        Outline::Plate { cut } => {
            let c = f32::from(cut);
            let corners =
                [(c, 0.0), (w - c, 0.0), (w, c), (w, h - c), (w - c, h), (c, h), (0.0, h - c), (0.0, c)];
            let corners: Vec<Point> = corners.iter().map(|(x, y)| placed.at(*x, *y)).collect();
            sheet.canvas.line(&corners, true);
        }
        Outline::Flange { bore } => {
            sheet.canvas.circle(middle, w / 2.0 * placed.factor);
            sheet.canvas.circle(middle, f32::from(bore) / 2.0 * placed.factor);
            sheet.canvas.pen(sheet.style.paper.scale() * 0.4, true);
            sheet.canvas.circle(middle, w * 0.38 * placed.factor);
        }
    }
    sheet.canvas.pen(sheet.style.paper.scale() * 0.4, true);
    let over = sheet.len(9.0);
    let (right, top) = (placed.left + placed.width, placed.bottom + placed.height);
    sheet.rule((placed.left - over, middle.1), (right + over, middle.1));
    sheet.rule((middle.0, placed.bottom - over), (middle.0, top + over));
}

fn dimensions(sheet: &mut Sheet<'_>, part: &MachinePart, placed: &Placed) {
    let (away, gap) = (sheet.len(22.0), sheet.len(3.0));
    let (left, bottom) = (placed.left, placed.bottom);
    let (right, top) = (left + placed.width, bottom + placed.height);
    sheet.canvas.pen(sheet.style.paper.scale() * 0.4, false);
    let face = sheet.style.callout;
    let size = sheet.len(9.0);

    let y = bottom - away;
    for x in [left, right] {
        sheet.rule((x, bottom - gap), (x, y - gap));
    }
    sheet.rule((left, y), (right, y));
    sheet.arrow((left, y), (right, y));
    sheet.arrow((right, y), (left, y));
    let at = (left + placed.width * 0.25, y + gap);
    sheet.text(&part.width.to_string(), at, 9.0, face, Anchor::Middle);

    let x = left - away;
    for y in [bottom, top] {
        sheet.rule((left - gap, y), (x - gap, y));
    }
    sheet.rule((x, bottom), (x, top));
    sheet.arrow((x, bottom), (x, top));
    sheet.arrow((x, top), (x, bottom));
    let text = part.height.to_string();
    let at = (x - gap, bottom + placed.height * 0.25);
    sheet.put(&Label {
        text: &text,
        at,
        size,
        face,
        anchor: Anchor::Middle,
        upright: true,
        run: RunStyle::Whole,
    });
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ViewSide {
    Left,
    Right,
    Top,
    Bottom,
}

/// Writes the codes of the holes around the part, each on the side nearest to its hole, in the order of the holes, so
/// that leaders do not cross.
fn callouts(sheet: &mut Sheet<'_>, part: &MachinePart, placed: &Placed, free: Free) {
    for side in [ViewSide::Left, ViewSide::Right, ViewSide::Top, ViewSide::Bottom] {
        let beside = matches!(side, ViewSide::Left | ViewSide::Right);
        let mut holes: Vec<&Hole> = part.holes.iter().filter(|hole| nearest(hole, part) == side).collect();
        let along = |hole: &Hole| if beside { hole.y } else { hole.x };
        holes.sort_by(|a, b| along(a).total_cmp(&along(b)));
        let (low, high, gap) = if beside {
            (free.bottom + sheet.len(SECTION), free.top - sheet.len(26.0), sheet.len(30.0))
        } else {
            let gap = if sheet.style.upright { 26.0 } else { 92.0 };
            (free.left + sheet.len(60.0), free.right - sheet.len(60.0), sheet.len(gap))
        };
        let mut spots: Vec<f32> = holes
            .iter()
            .map(|hole| if beside { placed.at(hole.x, hole.y).1 } else { placed.at(hole.x, hole.y).0 })
            .collect();
        spread(&mut spots, low, high, gap);
        for (hole, spot) in holes.iter().zip(spots) {
            callout(sheet, hole, placed, side, spot);
        }
    }
}

fn nearest(hole: &Hole, part: &MachinePart) -> ViewSide {
    let sides = [
        (hole.x, ViewSide::Left),
        (part.width - hole.x, ViewSide::Right),
        // Prefer the left and right sides: they have more space for horizontal text.
        ((part.height - hole.y) * 1.3, ViewSide::Top),
        (hole.y * 1.3, ViewSide::Bottom),
    ];
    sides.iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(ViewSide::Left, |nearest| nearest.1)
}

/// Moves positions apart to a distance of at least `gap`, within the bounds as far as possible.
fn spread(places: &mut [f32], low: f32, high: f32, gap: f32) {
    let mut least = low;
    for place in places.iter_mut() {
        *place = place.max(least);
        least = *place + gap;
    }
    let mut most = high;
    for place in places.iter_mut().rev() {
        *place = place.min(most);
        most = *place - gap;
    }
}

fn callout(sheet: &mut Sheet<'_>, hole: &Hole, placed: &Placed, side: ViewSide, spot: f32) {
    let (away, shelf) = (sheet.len(46.0), sheet.len(12.0));
    let (right, top) = (placed.left + placed.width, placed.bottom + placed.height);
    // The point where the leader bends, and the direction of its horizontal (or vertical) end.
    let (bend, out): (Point, Point) = match side {
        ViewSide::Left => ((placed.left - away, spot), (-1.0, 0.0)),
        ViewSide::Right => ((right + away, spot), (1.0, 0.0)),
        ViewSide::Top => ((spot, top + away * 0.6), (0.0, 1.0)),
        ViewSide::Bottom => ((spot, placed.bottom - away), (0.0, -1.0)),
    };
    let centre = placed.at(hole.x, hole.y);
    let length = (bend.0 - centre.0).hypot(bend.1 - centre.1).max(0.01);
    let radius = radius(sheet, hole, placed);
    let tip =
        (centre.0 + (bend.0 - centre.0) / length * radius, centre.1 + (bend.1 - centre.1) / length * radius);
    let end = (bend.0 + out.0 * shelf, bend.1 + out.1 * shelf);
    sheet.canvas.pen(sheet.style.paper.scale() * 0.4, false);
    sheet.canvas.line(&[tip, bend, end], false);
    sheet.arrow(tip, bend);

    let face = sheet.style.callout;
    let code = sheet.spell(&hole.code, face);
    let size_text = hole.size();
    let gap = sheet.len(3.5);
    let upright = sheet.style.upright && matches!(side, ViewSide::Top | ViewSide::Bottom);
    if upright {
        let run = sheet.rng.pick(sheet.style.runs);
        let anchor = if side == ViewSide::Top { Anchor::Start } else { Anchor::End };
        let start = end.1 + out.1 * gap;
        let at = (end.0 - sheet.len(0.5), start);
        let large = sheet.len(9.0);
        sheet.put(&Label { text: &code, at, size: large, face, anchor, upright, run });
        let at = (end.0 + sheet.len(9.5), start);
        let small = sheet.len(7.0);
        sheet.put(&Label { text: &size_text, at, size: small, face, anchor, upright, run: RunStyle::Whole });
        return;
    }
    let anchor = match side {
        ViewSide::Left => Anchor::End,
        ViewSide::Right => Anchor::Start,
        ViewSide::Top | ViewSide::Bottom => Anchor::Middle,
    };
    let (x, y) = match side {
        ViewSide::Left | ViewSide::Right => (end.0 + out.0 * gap, end.1 + sheet.len(1.5)),
        ViewSide::Top => (end.0, end.1 + sheet.len(13.0)),
        ViewSide::Bottom => (end.0, end.1 - sheet.len(11.0)),
    };
    sheet.cut_text(&code, (x, y), 9.0, face, anchor);
    let under = y - sheet.len(9.5);
    sheet.text(&size_text, (x, under), 7.0, face, anchor);
}

/// Draws a strip of hatched material with the holes of the part cut out of it.
fn section(sheet: &mut Sheet<'_>, part: &MachinePart, placed: &Placed, free: Free) {
    let thickness = sheet.len(24.0);
    let (left, bottom) = (placed.left, free.bottom + sheet.len(30.0));
    let at = (left + placed.width / 2.0, bottom - sheet.len(14.0));
    let face = sheet.style.heading;
    sheet.text("SECTION A-A", at, 9.0, face, Anchor::Middle);
    let mut gaps: Vec<(f32, f32)> = part
        .holes
        .iter()
        .step_by(2)
        .map(|hole| {
            let (x, radius) = (placed.at(hole.x, 0.0).0, radius(sheet, hole, placed));
            (x - radius, x + radius)
        })
        .collect();
    gaps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut from = left;
    let right = left + placed.width;
    for (gap_from, gap_to) in gaps.into_iter().chain([(right, right)]) {
        if gap_from > from {
            solid(sheet, (from, bottom), (gap_from - from, thickness));
        }
        from = from.max(gap_to);
    }
    sheet.frame((left, bottom), (placed.width, thickness), 1.2);
}

/// Draws a hatched block.
fn solid(sheet: &mut Sheet<'_>, (x, y): Point, (width, height): Point) {
    sheet.frame((x, y), (width, height), 0.9);
    sheet.canvas.pen(sheet.style.paper.scale() * 0.3, false);
    let pitch = sheet.len(6.0);
    // Lines at 45°, each defined by where it meets the level of the lower edge.
    let mut start = x - height + pitch / 2.0;
    while start < x + width {
        let from = start.max(x);
        let to = (start + height).min(x + width);
        sheet.rule((from, y + from - start), (to, y + to - start));
        start += pitch;
    }
}
