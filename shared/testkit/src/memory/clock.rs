//! A clock that moves only when a test advances it, and ids generated from a seed.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use riffle_ports::{Clock, Ids};

use crate::simulator::Rng;

/// A clock that tests advance, in milliseconds.
#[derive(Debug)]
pub struct ManualClock {
    milliseconds: AtomicI64,
}

impl ManualClock {
    /// 2030-01-01T00:00:00Z: any fixed moment will do.
    pub const START: i64 = 1_893_456_000_000;

    pub fn new() -> Self {
        Self { milliseconds: AtomicI64::new(Self::START) }
    }

    /// Advances the clock. It never goes back: a negative `by` leaves it unchanged.
    pub fn advance(&self, by: TimeDelta) {
        self.milliseconds.fetch_add(by.num_milliseconds().max(0), Ordering::Relaxed);
    }

    /// Moves the clock to `at`, unless that is in its past.
    pub fn advance_to(&self, at: DateTime<Utc>) {
        self.milliseconds.fetch_max(at.timestamp_millis(), Ordering::Relaxed);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.milliseconds.load(Ordering::Relaxed)).unwrap_or_default()
    }
}

/// Ids that look random and are the same for the same seed.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    made: AtomicU64,
}

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self { seed, made: AtomicU64::new(0) }
    }
}

impl Ids for SeededIds {
    fn fresh(&self) -> String {
        let nth = self.made.fetch_add(1, Ordering::Relaxed);
        let mut rng = Rng::new(self.seed ^ nth.wrapping_mul(0xA076_1D64_78BD_642F));
        format!("{:016x}{:016x}", rng.next(), rng.next())
    }
}
