//! Durations measured since the process started.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use riffle_ports::Timing;

/// The bounds of the histogram in microseconds: shorter times count as the first, times above one hour as the second.
const SHORTEST: u64 = 50;
const LONGEST: u64 = 3_600_000_000;
/// Significant decimal digits: quantiles are exact to a tenth.
const DIGITS: u8 = 1;

/// The kinds of measured durations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// One call of publish.
    Publish,
    /// From the sending of a message until its processing is done.
    Stage,
    /// From the receipt of a file until a stage has processed it.
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

/// The timings of one process. Clones share their counts.
#[derive(Debug, Clone, Default)]
pub struct Timings(Arc<Mutex<BTreeMap<(Measure, &'static str), Times>>>);

#[derive(Debug)]
struct Times {
    microseconds: Histogram<u64>,
    sum: Duration,
}

impl Timings {
    /// Records one duration.
    pub fn note(&self, measure: Measure, of: &'static str, took: Duration) {
        let mut timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let times = timings.entry((measure, of)).or_insert_with(|| Times {
            microseconds: Histogram::new_with_bounds(SHORTEST, LONGEST, DIGITS)
                .expect("these bounds make sense"),
            sum: Duration::ZERO,
        });
        times.microseconds.saturating_record(took.as_micros().try_into().unwrap_or(LONGEST));
        times.sum += took;
    }

    pub fn read(&self) -> Vec<Timing> {
        let timings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timing =
            |(&(measure, of), Times { microseconds, sum }): (&(Measure, &'static str), &Times)| Timing {
                name: measure.name(),
                of,
                count: microseconds.len(),
                sum: *sum,
                p50: Duration::from_micros(microseconds.value_at_quantile(0.5)),
                p99: Duration::from_micros(microseconds.value_at_quantile(0.99)),
            };
        timings.iter().map(timing).collect()
    }
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
    fn the_longest_and_the_shortest_are_counted() {
        let timings = Timings::default();
        let publish = |took| timings.note(Measure::Publish, "bus", took);
        publish(Duration::ZERO);
        assert!(timings.read()[0].p99 < Duration::from_micros(100));
        publish(Duration::from_hours(1_000));
        let read = timings.read().remove(0);
        assert_eq!((read.count, read.sum), (2, Duration::from_hours(1_000)));
        assert!(read.p99 >= Duration::from_hours(1));
    }
}
