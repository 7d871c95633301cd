//! How long things take, since the process began: counts in classes of time, each a tenth wider than the one before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use riffle_ports::Timing;

/// Up to here everything is of one class.
const SMALLEST: f64 = 50e-6;
const GROWTH: f64 = 1.1;
/// The last one holds what took longer than an hour.
const CLASSES: usize = 192;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Publishing, a call each.
    Publish,
    /// From the sending of a message until it was dealt with.
    Stage,
    /// From the receipt of a file until a stage was done with it.
    SinceUpload,
}

impl Measure {
    const fn name(self) -> &'static str {
        match self {
            Self::Publish => "riffle_publish_seconds",
            Self::Stage => "riffle_stage_seconds",
            Self::SinceUpload => "riffle_since_upload_seconds",
        }
    }
}

/// The timings of one process. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Timings(Arc<Mutex<BTreeMap<(Measure, &'static str), Classes>>>);

#[derive(Debug)]
struct Classes {
    counts: [u64; CLASSES],
    count: u64,
    sum: Duration,
}

impl Timings {
    /// Counts one more.
    pub fn note(&self, measure: Measure, of: &'static str, took: Duration) {
        let mut timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let classes = timings.entry((measure, of)).or_default();
        classes.counts[class(took)] += 1;
        classes.count += 1;
        classes.sum += took;
    }

    pub fn read(&self) -> Vec<Timing> {
        let timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timing = |(&(measure, of), classes): (&(Measure, &'static str), &Classes)| Timing {
            name: measure.name(),
            of,
            count: classes.count,
            sum: classes.sum,
            p50: classes.quantile(50),
            p99: classes.quantile(99),
        };
        timings.iter().map(timing).collect()
    }
}

impl Default for Classes {
    fn default() -> Self {
        Self { counts: [0; CLASSES], count: 0, sum: Duration::ZERO }
    }
}

impl Classes {
    /// The upper end of the class in which so many percent have been counted.
    fn quantile(&self, percent: u64) -> Duration {
        let wanted = (self.count * percent).div_ceil(100);
        let mut counted = 0;
        let class = self.counts.iter().position(|count| {
            counted += count;
            counted >= wanted
        });
        upper_end(class.unwrap_or(CLASSES - 1))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is kept within the classes")]
fn class(took: Duration) -> usize {
    let seconds = took.as_secs_f64();
    if seconds <= SMALLEST {
        return 0;
    }
    ((seconds / SMALLEST).log(GROWTH).ceil() as usize).min(CLASSES - 1)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "there are not so many classes"
)]
fn upper_end(class: usize) -> Duration {
    Duration::from_secs_f64(SMALLEST * GROWTH.powi(class as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_tenth() {
        let timings = Timings::default();
        for milliseconds in 1..=1_000 {
            timings.note(Measure::Stage, "audit-consumer", Duration::from_millis(milliseconds));
        }
        let read = timings.read();
        let [timing] = &read[..] else { panic!("{read:?}") };
        assert_eq!((timing.count, timing.sum), (1_000, Duration::from_millis(500_500)));
        for (quantile, exact) in [(timing.p50, 0.5), (timing.p99, 0.99)] {
            let ratio = quantile.as_secs_f64() / exact;
            assert!((0.999..1.1).contains(&ratio), "{quantile:?} for {exact} s");
        }
    }

    #[test]
    fn the_longest_and_the_shortest_have_a_class() {
        assert_eq!(class(Duration::ZERO), 0);
        assert_eq!(class(Duration::from_hours(1_000)), CLASSES - 1);
        assert!(upper_end(CLASSES - 1) > Duration::from_hours(1));
    }
}
