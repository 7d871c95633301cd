//! A picture made smaller row by row, so that only the small one is in memory.

use super::{Frame, grey};

/// What the small picture has of each pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inks {
    Rgb,
    /// As bright as the eye sees it.
    Grey,
}

/// Takes rows of RGB from the top and keeps the mean of the pixels that fall on one.
pub(super) struct Scaler {
    /// First column and row that are shown, and how many rows.
    from: (u32, u32),
    height: u32,
    to: (u32, u32),
    inks: Inks,
    /// On which column of the small picture each that is shown falls.
    columns: Vec<usize>,
    /// Rows taken.
    row: u32,
    /// Rows of the small picture that are done.
    line: u32,
    /// Of the row that is not: sums of the three colours, and how many pixels they are of.
    sums: Vec<[u32; 4]>,
    pixels: Vec<u8>,
}

impl Scaler {
    /// `frame` lies on a picture whose units are its pixels.
    pub fn new(frame: &Frame) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on the picture")]
        let part = |from: f32, to: f32| (from as u32, (to.ceil() as u32 - from as u32).max(1));
        let (x, width) = part(frame.region.x0, frame.region.x1);
        let (y, height) = part(frame.region.y0, frame.region.y1);
        Self::of((x, y), (width, height), frame.pixels, Inks::Rgb)
    }

    /// All of a picture of this size, in greys, neither side longer than `side`.
    pub fn greys((width, height): (u32, u32), side: u32) -> Self {
        let longest = u64::from(width.max(height));
        let scaled = |length: u32| {
            let scaled = u64::from(length) * u64::from(side) / longest.max(1);
            u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
        };
        Self::of((0, 0), (width, height), (scaled(width), scaled(height)), Inks::Grey)
    }

    fn of(from: (u32, u32), (width, height): (u32, u32), to: (u32, u32), inks: Inks) -> Self {
        // Never larger than it is.
        let to = (to.0.min(width), to.1.min(height));
        let columns = (0..width).map(|x| place(x, width, to.0) as usize).collect();
        let sums = vec![[0; 4]; to.0 as usize];
        Self { from, height, to, inks, columns, row: 0, line: 0, sums, pixels: Vec::new() }
    }

    /// Whether all rows that matter were taken.
    pub fn is_full(&self) -> bool {
        self.row >= self.from.1.saturating_add(self.height)
    }

    pub fn row(&mut self, pixels: impl Iterator<Item = [u8; 3]>) {
        let row = self.row;
        self.row += 1;
        let Some(y) = row.checked_sub(self.from.1).filter(|y| *y < self.height) else { return };
        self.done_until(place(y, self.height, self.to.1));
        for (column, pixel) in self.columns.iter().zip(pixels.skip(self.from.0 as usize)) {
            let sum = &mut self.sums[*column];
            for (sum, colour) in sum.iter_mut().zip(pixel) {
                *sum += u32::from(colour);
            }
            sum[3] += 1;
        }
    }

    /// The rows of the small picture before `line` are done. What nothing came for is white.
    fn done_until(&mut self, line: u32) {
        while self.line < line {
            self.line += 1;
            for sum in &mut self.sums {
                let [r, g, b, count] = std::mem::take(sum);
                let mean = |sum: u32| {
                    sum.checked_div(count).map_or(u8::MAX, |mean| u8::try_from(mean).unwrap_or(u8::MAX))
                };
                let rgb = [r, g, b].map(mean);
                match self.inks {
                    Inks::Rgb => self.pixels.extend(rgb),
                    Inks::Grey => self.pixels.push(grey(rgb)),
                }
            }
        }
    }

    /// The small picture and its size.
    pub fn finish(mut self) -> (Vec<u8>, (u32, u32)) {
        self.done_until(self.to.1);
        (self.pixels, self.to)
    }
}

fn place(at: u32, of: u32, to: u32) -> u32 {
    u32::try_from(u64::from(at) * u64::from(to) / u64::from(of)).unwrap_or(0)
}
