//! Simulated scans, as many as fit into a test run. `simulate` runs more, and replays failures.

mod common;

use riffle_sim_tests::campaign::{self, SimulatedFlow};
use riffle_sim_tests::scan::ScanMutant;

use common::{assert_caught, assert_clean, assert_reached, assert_repeatable};

/// The number of schedules in every test run.
const SCHEDULES: u64 = 20_000;
/// The number of seeds within which a mutant must be caught.
const PATIENCE: u64 = 1_000;

/// Events that the schedules must reach, because otherwise they prove little.
const SOMETIMES: [&str; 71] = [
    "a SNAPSHOT of several pages",
    "a SNAPSHOT when CANCELLED",
    "a SNAPSHOT when COMPLETE",
    "a SNAPSHOT when FAILED",
    "a SNAPSHOT while DISPATCHING",
    "a SNAPSHOT while FINALIZING",
    "a SNAPSHOT while LISTING",
    "a SNAPSHOT while RUNNING",
    "a cancel arrives after the end",
    "a cancel arrives while finalizing",
    "a chunk is closed by a redelivery",
    "a connection breaks",
    "a deleted message is delivered again",
    "a dispatch message is lost",
    "a file is missing at the deadline",
    "a file is recorded as killed",
    "a file kills the process that reads it",
    "a finish message is lost",
    "a finisher runs after the end",
    "a finisher runs too early",
    "a finisher finds the lease held",
    "a finisher finds the session cancelled",
    "a finisher has lost its lease",
    "a healthy file used its attempt during a fault",
    "a lease is taken over",
    "a repaired file is read",
    "a message in flight is delivered a second time",
    "a new token arrives too late",
    "a pause arrives after a new token",
    "a progress frame is claimed by another",
    "a quarantine message is lost",
    "a quarantined file had its attempt",
    "a quarantined file is read at a later attempt",
    "a report is published",
    "a result is put a second time",
    "a result is kept by a retry",
    "a result is in the object store",
    "a second dispatcher finds the session sealed",
    "a session fails",
    "a session id is reused",
    "a session is cancelled",
    "a session is given a new token",
    "a session is paused already",
    "a session pauses while DISPATCHING",
    "a session pauses while LISTING",
    "a session pauses while RUNNING",
    "a retry of an incomplete session is requested",
    "a sweep sends work again",
    "a work message is lost",
    "an index is marked a second time",
    "an invocation times out",
    "another tenant requests a session",
    "COMPLETE is set a second time",
    "finish is enqueued twice",
    "lost response: ledger.add_done",
    "lost response: ledger.add_progress",
    "lost response: ledger.cancel",
    "lost response: ledger.complete",
    "lost response: ledger.create",
    "lost response: ledger.fail",
    "lost response: ledger.freeze",
    "lost response: ledger.lease",
    "lost response: ledger.pause",
    "lost response: ledger.put_result",
    "lost response: ledger.record_attempt",
    "lost response: ledger.seal",
    "lost response: ledger.sweep",
    "lost response: ledger.unpause",
    "users are reminded of a paused session",
    "the power fails",
    "the sweep reads a stale index",
];

#[test]
fn schedules_keep_the_invariants_and_reach_the_interesting_cases() {
    let report = campaign::seeds(SimulatedFlow::Scan(None), 0..SCHEDULES, &|_| (), None);
    assert_clean(&report);
    assert_reached(&report, &SOMETIMES);
}

#[test]
fn every_placement_of_two_faults_keeps_the_invariants() {
    let report = campaign::placements(SimulatedFlow::Scan(None), true);
    assert_clean(&report);
    assert!(report.schedules > 10_000, "only {} placements", report.schedules);
}

#[test]
fn every_placement_of_a_fault_in_a_retry_keeps_the_invariants() {
    let report = campaign::retry_placements();
    assert_clean(&report);
    assert!(report.schedules > 300, "only {} placements", report.schedules);
}

#[test]
fn every_placement_of_a_fault_in_a_scan_that_pauses_keeps_the_invariants() {
    let report = campaign::drive_placements();
    assert_clean(&report);
    assert!(report.schedules > 150, "only {} placements", report.schedules);
}

#[test]
fn every_known_bad_protocol_is_caught() {
    assert_caught(
        ScanMutant::ALL.into_iter().map(|mutant| SimulatedFlow::Scan(Some(mutant))),
        PATIENCE,
        |_| (),
    );
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_repeatable(SimulatedFlow::Scan(None));
}
