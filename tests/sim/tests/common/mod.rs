//! Assertions shared by the tests of all flows.

use std::fmt::Write as _;

use riffle_sim_tests::campaign::{self, CampaignReport, FailedSchedule, Simulated as _, SimulatedFlow};
use riffle_testkit::simulator::Fault;

pub fn assert_clean(report: &CampaignReport) {
    if let Some(failure) = &report.failure {
        panic!("seed {} violates {}\nreplay: {}", failure.seed, failure.violation, failure.replay());
    }
}

/// Asserts that all wanted events occurred, because otherwise the schedules prove little.
pub fn assert_reached(report: &CampaignReport, wanted: &[&'static str]) {
    let lost: Vec<String> = report.sometimes.strikes().filter_map(lost_response).collect();
    let missing = report.sometimes.missing(wanted).into_iter();
    let missing: Vec<&str> = missing.filter(|event| !lost.iter().any(|lost| lost == event)).collect();
    assert!(missing.is_empty(), "never occurred: {missing:#?}");
}

/// Returns the event's name if the fault lost the answer to a call that took effect, and occurred at least once.
fn lost_response((point, fault, count): (&str, Fault, u64)) -> Option<String> {
    let lost = matches!(fault, Fault::LostThenAnswered | Fault::LostThenUnavailable);
    (lost && count > 0).then(|| format!("lost response: {point}"))
}

pub fn assert_repeatable(flow: SimulatedFlow) {
    for seed in 0..50 {
        let once = flow.any(seed, true);
        let again = flow.any(seed, true);
        assert_eq!(once.trace, again.trace, "seed {seed}");
        assert_eq!((once.hash, once.steps), (again.hash, again.steps), "seed {seed}");
        let untold = flow.any(seed, false);
        assert_eq!(once.hash, untold.hash, "reading along changes seed {seed}");
    }
}

/// Asserts that each of these known-bad protocols violates an invariant within `patience` seeds, and calls `also` with
/// each such failure.
#[expect(clippy::print_stdout, reason = "the table shows which mutant survived")]
pub fn assert_caught(
    mutants: impl Iterator<Item = SimulatedFlow>,
    patience: u64,
    also: impl Fn(&FailedSchedule),
) {
    let mut table = String::new();
    let mut survived = Vec::new();
    for flow in mutants {
        let name = flow.mutant().expect("the flow has a mutant");
        match campaign::seeds(flow, 0..patience, &|_| (), None).failure {
            Some(failure) => {
                writeln!(table, "{name:<26} seed {:>4}  {}", failure.seed, failure.violation)
                    .expect("writing to a string does not fail");
                also(&failure);
            }
            None => survived.push(name),
        }
    }
    println!("{table}");
    assert!(survived.is_empty(), "not caught within {patience} seeds: {survived:?}\n{table}");
}
