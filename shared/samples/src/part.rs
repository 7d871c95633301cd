//! The part on a sheet: an outline with holes, in millimetres.

use crate::codes::{Code, CodeBook};
use crate::rng::SampleRng;
use crate::style::OPERATIONS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outline {
    /// A rectangle whose corners are cut off by `cut` millimetres.
    Plate { cut: u16 },
    /// A disc with a bore; its size and `bore` are diameters.
    Flange { bore: u16 },
}

#[derive(Debug, Clone)]
pub(crate) struct Hole {
    pub(crate) code: Code,
    /// Measured from the lower left corner of the part.
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) diameter: f32,
    /// `None` for a through hole.
    pub(crate) depth: Option<u16>,
    pub(crate) operation: &'static str,
}

impl Hole {
    /// Returns diameter and depth in the form of a callout.
    pub(crate) fn size(&self) -> String {
        match self.depth {
            Some(depth) => format!("\u{D8}{} DEPTH {depth}", self.diameter),
            None => format!("\u{D8}{} THRU", self.diameter),
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct MachinePart {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) outline: Outline,
    pub(crate) holes: Vec<Hole>,
}

impl MachinePart {
    /// Makes a part with five to `most` holes.
    pub(crate) fn make(codes: &CodeBook, most: u16, rng: &mut SampleRng) -> Self {
        let count = usize::from(rng.between(5, most.max(5)));
        if rng.chance(30) { Self::flange(codes, count, rng) } else { Self::plate(codes, count, rng) }
    }

    fn plate(codes: &CodeBook, count: usize, rng: &mut SampleRng) -> Self {
        const COLUMNS: u8 = 7;
        const ROWS: u8 = 4;
        let width = f32::from(rng.between(12, 48)) * 10.0;
        let height = (width * f32::from(rng.between(45, 75)) / 1000.0).round() * 10.0;
        // One hole per cell of a grid, so that holes do not overlap.
        let mut cells: Vec<(u8, u8)> = (0..COLUMNS).flat_map(|c| (0..ROWS).map(move |r| (c, r))).collect();
        rng.shuffle(&mut cells);
        cells.truncate(count);
        cells.sort_unstable_by_key(|(column, row)| (std::cmp::Reverse(*row), *column));
        let (cell_x, cell_y) = (width / f32::from(COLUMNS + 1), height / f32::from(ROWS + 1));
        let cell = cell_x.min(cell_y);
        let holes = cells.iter().map(|(column, row)| {
            let mut place = |step: f32, number: u8| {
                (step * (f32::from(number) + 1.0) + cell * (rng.tenths(0, 4) - 2.0) / 20.0).round()
            };
            let (x, y) = (place(cell_x, *column), place(cell_y, *row));
            hole(codes, (x, y), cell, rng)
        });
        let holes = holes.collect();
        let cut = if rng.chance(60) { rng.between(4, 12) } else { 0 };
        Self { width, height, outline: Outline::Plate { cut }, holes }
    }

    fn flange(codes: &CodeBook, count: usize, rng: &mut SampleRng) -> Self {
        let across = rng.between(12, 40) * 10;
        let bore = across * 3 / 10;
        let (size, radius) = (f32::from(across), f32::from(across) * 0.38);
        let steps = f32::from(u16::try_from(count).unwrap_or(1));
        let pitch = radius * std::f32::consts::TAU / steps;
        let mut angle = f32::from(rng.between(0, 5)) * 0.2;
        let holes = (0..count).map(|_| {
            let (sin, cos) = angle.sin_cos();
            angle += std::f32::consts::TAU / steps;
            let at = |part: f32| ((size / 2.0 + radius * part) * 10.0).round() / 10.0;
            hole(codes, (at(cos), at(sin)), pitch.min(size * 0.12), rng)
        });
        let holes = holes.collect();
        Self { width: size, height: size, outline: Outline::Flange { bore }, holes }
    }
}

/// Makes a hole at a position, small enough for `room` millimetres.
fn hole(codes: &CodeBook, (x, y): (f32, f32), room: f32, rng: &mut SampleRng) -> Hole {
    const SIZES: [f32; 10] = [4.2, 5.0, 6.8, 8.5, 10.2, 12.0, 14.0, 17.5, 22.0, 26.0];
    let fitting = SIZES.iter().filter(|d| **d < room * 0.7).count().max(1);
    Hole {
        code: codes.any(rng),
        x,
        y,
        diameter: rng.pick(&SIZES[..fitting]),
        depth: if rng.chance(55) { None } else { Some(rng.between(2, 12) * 5) },
        operation: rng.pick(OPERATIONS),
    }
}
