//! Scales a picture down row by row, so that only the small one is in memory.

use super::{ViewFrame, grey};

/// The colours of the small picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inks {
    Rgb,
    /// Brightness as the eye perceives it.
    Grey,
}

/// Receives rows of RGB from the top and averages the pixels that map to the same one.
pub(super) struct Scaler {
    /// First column and row that are shown; `height` is the number of rows shown.
    from: (u32, u32),
    height: u32,
    to: (u32, u32),
    inks: Inks,
    /// The column of the small picture that each shown column maps to.
    columns: Vec<usize>,
    /// Rows received.
    row: u32,
    /// Finished rows of the small picture.
    line: u32,
    /// For the current row: sums of the three colours, and the number of pixels in them.
    sums: Vec<[u32; 4]>,
    pixels: Vec<u8>,
}

impl Scaler {
    /// Scales to `frame`, which is on a picture whose units are its pixels.
    pub fn new(frame: &ViewFrame) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on the picture")]
        let part = |from: f32, to: f32| (from as u32, (to.ceil() as u32 - from as u32).max(1));
        let (x, width) = part(frame.region.x0, frame.region.x1);
        let (y, height) = part(frame.region.y0, frame.region.y1);
        Self::of((x, y), (width, height), frame.pixels, Inks::Rgb)
    }

    /// Scales the whole of a picture to greys, neither side longer than `side`.
    pub fn greys((width, height): (u32, u32), side: u32) -> Self {
        let longest = u64::from(width.max(height));
        let scaled = |length: u32| {
            let scaled = u64::from(length) * u64::from(side) / longest.max(1);
            u32::try_from(scaled).unwrap_or(u32::MAX).max(1)
        };
        Self::of((0, 0), (width, height), (scaled(width), scaled(height)), Inks::Grey)
    }

    fn of(from: (u32, u32), (width, height): (u32, u32), to: (u32, u32), inks: Inks) -> Self {
        // Never larger than the original.
        let to = (to.0.min(width), to.1.min(height));
        let columns = (0..width).map(|x| place(x, width, to.0) as usize).collect();
        let sums = vec![[0; 4]; to.0 as usize];
        Self { from, height, to, inks, columns, row: 0, line: 0, sums, pixels: Vec::new() }
    }

    /// Returns whether all rows that are shown were received.
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

    /// Finishes the rows of the small picture before `line`. Pixels without input are white.
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

    /// Returns the small picture and its size.
    pub fn finish(mut self) -> (Vec<u8>, (u32, u32)) {
        self.done_until(self.to.1);
        (self.pixels, self.to)
    }
}

fn place(at: u32, of: u32, to: u32) -> u32 {
    u32::try_from(u64::from(at) * u64::from(to) / u64::from(of)).unwrap_or(0)
}
