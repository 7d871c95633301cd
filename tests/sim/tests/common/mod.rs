//! What the tests of every flow assert.

use riffle_sim_tests::campaign::{Flow, Report};
use riffle_testkit::simulator::Fault;

pub fn assert_clean(report: &Report) {
    if let Some(failure) = &report.failure {
        panic!("seed {} violates {}\nreplay: {}", failure.seed, failure.violation, failure.replay());
    }
}

/// What is interesting occurred, or the schedules prove little.
pub fn assert_reached(report: &Report, wanted: &[&'static str]) {
    let lost: Vec<String> = report.sometimes.strikes().filter_map(lost_response).collect();
    let missing = report.sometimes.missing(wanted).into_iter();
    let missing: Vec<&str> = missing.filter(|event| !lost.iter().any(|lost| lost == event)).collect();
    assert!(missing.is_empty(), "never occurred: {missing:#?}");
}

/// A fault that loses the answer to an effect that took place, as an event.
fn lost_response((point, fault, count): (&str, Fault, u64)) -> Option<String> {
    let lost = matches!(fault, Fault::LostThenAnswered | Fault::LostThenUnavailable);
    (lost && count > 0).then(|| format!("lost response: {point}"))
}

pub fn assert_repeatable(flow: Flow) {
    for seed in 0..50 {
        let once = flow.any(seed, true);
        let again = flow.any(seed, true);
        assert_eq!(once.trace, again.trace, "seed {seed}");
        assert_eq!((once.hash, once.steps), (again.hash, again.steps), "seed {seed}");
        let untold = flow.any(seed, false);
        assert_eq!(once.hash, untold.hash, "reading along changes seed {seed}");
    }
}
