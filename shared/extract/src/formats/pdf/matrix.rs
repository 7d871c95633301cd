//! The six numbers of a PDF transformation.

/// Maps `(x, y)` to `(a·x + c·y + e, b·x + d·y + f)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix {
    pub a: f32,
    pub b: f32,
    pub c: f32,
    pub d: f32,
    pub e: f32,
    pub f: f32,
}

impl Matrix {
    pub const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    pub fn new(six: [f32; 6]) -> Self {
        Self { a: six[0], b: six[1], c: six[2], d: six[3], e: six[4], f: six[5] }
    }

    /// Applies first `self`, then `outer`: PDF writes this as `self × outer`.
    #[inline]
    pub fn then(&self, outer: &Self) -> Self {
        Self {
            a: self.a * outer.a + self.b * outer.c,
            b: self.a * outer.b + self.b * outer.d,
            c: self.c * outer.a + self.d * outer.c,
            d: self.c * outer.b + self.d * outer.d,
            e: self.e * outer.a + self.f * outer.c + outer.e,
            f: self.e * outer.b + self.f * outer.d + outer.f,
        }
    }

    /// Moves the origin by `(x, y)`, measured in the units before this transformation.
    #[inline]
    pub fn translated(&self, x: f32, y: f32) -> Self {
        Self { e: self.a * x + self.c * y + self.e, f: self.b * x + self.d * y + self.f, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::Matrix;

    #[test]
    fn concatenation_applies_the_inner_matrix_first() {
        let scale = Matrix::new([2.0, 0.0, 0.0, 3.0, 0.0, 0.0]);
        let shift = Matrix::new([1.0, 0.0, 0.0, 1.0, 10.0, 20.0]);
        let both = shift.then(&scale);
        assert!((both.e - 20.0).abs() < 1e-6 && (both.f - 60.0).abs() < 1e-6);
        let moved = scale.translated(1.0, 1.0);
        assert!((moved.e - 2.0).abs() < 1e-6 && (moved.f - 3.0).abs() < 1e-6);
    }
}
