//! The only random number generator: `SplitMix64`, so that the same seed gives the same bytes on every machine and with
//! every version of every dependency.

/// A stream of random numbers. Each file has its own, so that files can be made in any order.
#[derive(Debug, Clone)]
pub(crate) struct SampleRng(u64);

impl SampleRng {
    /// Returns stream `number` of `seed`; the streams of one seed are independent.
    pub(crate) fn stream(seed: u64, number: u64) -> Self {
        let mut rng = Self(seed);
        let base = rng.next();
        let mut rng = Self(base ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03));
        rng.next();
        rng
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`, which must not be 0.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let high = self.next() >> 32;
        ((high * u64::from(bound)) >> 32) as u32
    }

    /// Returns a number from `low` to `high`, inclusive.
    pub(crate) fn between(&mut self, low: u16, high: u16) -> u16 {
        let span = u32::from(high - low) + 1;
        // The value is less than 65,536 because of its bound.
        low + (self.below(span) & 0xFFFF) as u16
    }

    /// Returns `true` with a probability of `percent` percent.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// Returns a length from `low` to `high` in steps of a tenth.
    pub(crate) fn tenths(&mut self, low: u16, high: u16) -> f32 {
        f32::from(self.between(low * 10, high * 10)) / 10.0
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(u32::try_from(length).unwrap_or(u32::MAX)) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.index(of.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}
