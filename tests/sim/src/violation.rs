//! What a schedule may show.

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its number among those of its flow; 0 for what is taken for granted.
    pub invariant: u8,
    pub what: String,
}

impl Violation {
    pub fn new(invariant: u8, what: impl Into<String>) -> Self {
        Self { invariant, what: what.into() }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "invariant {}: {}", self.invariant, self.what)
    }
}
