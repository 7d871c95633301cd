//! Simulated statements, as many as fit into a test run. `simulate` runs more, and replays failures.

mod common;

use std::sync::Arc;

use chrono::TimeDelta;
use futures::executor::block_on;
use riffle_ports::{Clock, Deadline, FileId, FlowState as _, RecordStore as _};
use riffle_sim_tests::campaign::{self, SimulatedFlow};
use riffle_sim_tests::statements::{self, StatementsMutant};
use riffle_statements::{FileDetails, FileRecord, FileState, Statements, StatementsSettings};
use riffle_testkit::memory::{
    ManualClock, MemoryBus, MemoryInbox, MemoryObjects, MemoryQueue, MemoryRecords, MemoryStatements,
    SeededIds,
};

use common::{assert_caught, assert_clean, assert_reached, assert_repeatable};

/// The number of schedules in every test run.
const SCHEDULES: u64 = 12_000;
/// The number of seeds within which a mutant must be caught.
const PATIENCE: u64 = 2_000;

/// Events that the schedules must reach, because otherwise they prove little.
const SOMETIMES: [&str; 87] = [
    "a dead letter stays",
    "a deleted message is delivered again",
    "a deletion is done twice",
    "a deletion waits for a lease",
    "a failed file is deleted",
    "a failure arrives too late",
    "a file fails again",
    "a file fails before it is begun",
    "a file fails while processed",
    "a file has identical rows",
    "a file is deleted before it is begun",
    "a file is deleted while processed",
    "a file is released for now",
    "a file is abandoned without a dead letter",
    "a file is gone",
    "a file is leased by another worker",
    "a file is noted a second time",
    "a file is processed",
    "a file is rejected",
    "a file is taken over",
    "a file is parsed differently than in an earlier attempt",
    "a file needs review",
    "a file overlaps another",
    "a file that failed is begun again",
    "processing of a file that is being deleted is requested",
    "a file was done already",
    "a message in flight is delivered a second time",
    "a message of statements becomes a dead letter",
    "a message to the processor is lost",
    "a new parser is deployed during processing",
    "a note loses against a concurrent change",
    "a notification is delivered twice",
    "a poisoned file is processed in the end",
    "a processed file is deleted",
    "a rejected file is deleted",
    "a statement cannot be read",
    "a statement is not recognised as one",
    "a statement kills the process that reads it",
    "a sweep reads an index that lags",
    "an event is in the trail already",
    "an invocation stalls while others continue",
    "an invocation times out",
    "an object does not belong to this flow",
    "dead letters are redriven",
    "events are replayed during processing",
    "events are removed from the outbox twice",
    "figures lose against a concurrent change",
    "lost response: audit.append",
    "lost response: audit.forget",
    "lost response: bus.publish",
    "lost response: figures.put",
    "lost response: inbox.delete",
    "lost response: letters.redrive",
    "lost response: objects.delete",
    "lost response: objects.put",
    "lost response: records.announced",
    "lost response: records.begin",
    "lost response: records.create",
    "lost response: records.delete",
    "lost response: records.deleted",
    "lost response: records.extend",
    "lost response: records.fail",
    "lost response: records.finish",
    "lost response: records.note",
    "lost response: records.release",
    "lost response: records.settled",
    "lost response: rows.categorize",
    "lost response: rows.remove",
    "lost response: rows.store",
    "lost response: rows.withdraw",
    "no worker of a deleted file can remain",
    "rows are known from another file",
    "rows are refused",
    "rows are stored again by their file",
    "rows stay because other files contain them",
    "the bus delivers an event twice",
    "the power fails",
    "a deletion finds a note",
    "a worker that finishes finds a note",
    "a worker that finishes finds the file in another state",
    "a worker that gives up finds the file changed",
    "a worker about to write stalls until the file is deleted",
    "a worker about to write stalls while the file is being deleted",
    "a late worker cannot finish",
    "a late worker finds that it has no lease",
    "a late worker withdraws nothing",
    "a worker finds that the file is being deleted",
];

#[test]
fn schedules_keep_the_invariants_and_reach_the_interesting_cases() {
    let report = campaign::seeds(SimulatedFlow::Statements(None), 0..SCHEDULES, &|_| (), None);
    assert_clean(&report);
    assert_reached(&report, &SOMETIMES);
}

#[test]
fn every_placement_of_a_fault_keeps_the_invariants() {
    let report = campaign::placements(SimulatedFlow::Statements(None), false);
    assert_clean(&report);
    assert!(report.schedules > 300, "only {} placements", report.schedules);
}

#[test]
fn every_known_bad_protocol_is_caught() {
    assert_caught(
        StatementsMutant::ALL.iter().map(|mutant| SimulatedFlow::Statements(Some(*mutant))),
        PATIENCE,
        |failure| {
            // The same schedule passes with the real protocol, so the mutant causes the violation.
            let mutant = failure.mutant.and_then(StatementsMutant::named);
            assert!(mutant.is_some(), "{:?} is a mutant of another flow", failure.mutant);
            let real = statements::run(statements::StatementsScenario::of(failure.seed, mutant), None, false)
                .violation;
            assert_eq!(
                real, None,
                "the unchanged protocol must pass the schedule in which {:?} is caught",
                failure.mutant
            );
        },
    );
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_repeatable(SimulatedFlow::Statements(None));
}

fn waiting(id: String, clock: &ManualClock) -> FileRecord {
    FileRecord {
        id: FileId(id),
        tenant: "ann".to_owned(),
        name: String::new(),
        object: None,
        size: 0,
        account: None,
        state: FileState::Received,
        received_at: clock.now(),
        changed_at: clock.now(),
        lease: None,
        attempts: 0,
        parts: 0,
        findings: FileDetails::default(),
        revision: 1,
        unsettled: false,
    }
}

/// Proves that a deletion is completed although more files wait than a sweep handles in a minute.
#[test]
fn a_deletion_is_done_however_many_files_wait() {
    let clock = Arc::new(ManualClock::new());
    let queue = Arc::new(MemoryQueue::new(Arc::clone(&clock) as _, chrono::TimeDelta::minutes(3)));
    let records = Arc::new(MemoryRecords::default());
    let data = Arc::new(MemoryStatements::new(Arc::clone(&records), 25));
    let statements = Statements {
        records: Arc::clone(&records) as _,
        transactions: Arc::clone(&data) as _,
        figures: Arc::clone(&data) as _,
        audit: Arc::clone(&data) as _,
        events: Arc::new(MemoryBus::new(Arc::clone(&clock) as _, Arc::clone(&queue))),
        objects: Arc::new(MemoryObjects::default()),
        inbox: Arc::new(MemoryInbox::new("uploads", Arc::clone(&queue), Arc::clone(&clock) as _)),
        queue,
        clock: Arc::clone(&clock) as _,
        ids: Arc::new(SeededIds::new(1)),
        settings: StatementsSettings::default(),
    };
    for number in 0..1_000 {
        let record = waiting(format!("{number:04}"), &clock).to_record();
        assert_eq!(block_on(records.create(record, &[])), Ok(None));
    }
    let unwanted = FileId("unwanted".to_owned());
    let record = waiting(unwanted.0.clone(), &clock).to_record();
    assert_eq!(block_on(records.create(record, &[])), Ok(None));
    assert_eq!(block_on(statements.request_deletion("ann", &unwanted)), Ok(true));
    clock.advance(TimeDelta::minutes(10));
    assert_eq!(block_on(statements.sweep(&Deadline::none())), Ok(()));
    let state = block_on(statements.file("ann", &unwanted)).map(|file| file.map(|file| file.state));
    assert_eq!(state, Ok(Some(FileState::Deleted)));
}
