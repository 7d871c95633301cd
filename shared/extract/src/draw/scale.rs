//! A picture made smaller row by row, so that only the small one is in memory.

use super::Frame;

/// Takes rows of RGB from the top and keeps the mean of the pixels that fall on one.
pub(super) struct Scaler {
    /// First column and row that are shown, and how many.
    from: (u32, u32),
    size: (u32, u32),
    to: (u32, u32),
    row: u32,
    /// Sums of the three colours, and how many pixels they are of.
    sums: Vec<[u32; 4]>,
}

impl Scaler {
    /// `frame` lies on a picture whose units are its pixels.
    pub fn new(frame: &Frame) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "on the picture")]
        let part = |from: f32, to: f32| (from as u32, (to.ceil() as u32 - from as u32).max(1));
        let (x, width) = part(frame.region.x0, frame.region.x1);
        let (y, height) = part(frame.region.y0, frame.region.y1);
        // Never larger than it is.
        let to = (frame.pixels.0.min(width), frame.pixels.1.min(height));
        let sums = vec![[0; 4]; to.0 as usize * to.1 as usize];
        Self { from: (x, y), size: (width, height), to, row: 0, sums }
    }

    /// Whether all rows that matter were taken.
    pub fn is_full(&self) -> bool {
        self.row >= self.from.1.saturating_add(self.size.1)
    }

    pub fn row(&mut self, pixels: impl Iterator<Item = [u8; 3]>) {
        let row = self.row;
        self.row += 1;
        let Some(y) = row.checked_sub(self.from.1).filter(|y| *y < self.size.1) else { return };
        let line = place(y, self.size.1, self.to.1) * self.to.0 as usize;
        for (x, pixel) in (0..self.size.0).zip(pixels.skip(self.from.0 as usize)) {
            let sum = &mut self.sums[line + place(x, self.size.0, self.to.0)];
            for (sum, colour) in sum.iter_mut().zip(pixel) {
                *sum += u32::from(colour);
            }
            sum[3] += 1;
        }
    }

    /// The small picture and its size. What no row came for is white.
    pub fn finish(self) -> (Vec<u8>, (u32, u32)) {
        let mean = |sum: u32, count: u32| {
            sum.checked_div(count).map_or(u8::MAX, |mean| u8::try_from(mean).unwrap_or(u8::MAX))
        };
        let rgb =
            self.sums.iter().flat_map(|[r, g, b, n]| [mean(*r, *n), mean(*g, *n), mean(*b, *n)]).collect();
        (rgb, self.to)
    }
}

fn place(at: u32, of: u32, to: u32) -> usize {
    usize::try_from(u64::from(at) * u64::from(to) / u64::from(of)).unwrap_or(0)
}
