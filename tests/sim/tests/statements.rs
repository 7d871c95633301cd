//! Simulated statements, as many as fit into a test run. `simulate` runs more, and replays failures.

mod common;

use std::sync::Arc;

use chrono::TimeDelta;
use futures::executor::block_on;
use riffle_ports::{Clock, Deadline, FileId, FlowState as _, RecordStore as _};
use riffle_sim_tests::campaign::{self, Flow};
use riffle_sim_tests::statements::{self, Mutant};
use riffle_statements::{File, FileDetails, FileState, Settings, Statements};
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
    "a failure comes too late",
    "a file fails again",
    "a file fails before it is begun",
    "a file fails while processed",
    "a file has identical rows",
    "a file is deleted before it is begun",
    "a file is deleted in mid-processing",
    "a file is given up for now",
    "a file is given up, and no dead letter is left of it",
    "a file is gone",
    "a file is in other hands",
    "a file is noted a second time",
    "a file is processed",
    "a file is rejected",
    "a file is taken over",
    "a file is told by other rules than in an attempt before",
    "a file needs a look",
    "a file overlaps another",
    "a file that failed is begun again",
    "a file that goes is to be begun",
    "a file was done already",
    "a message in flight is delivered a second time",
    "a message of statements becomes a dead letter",
    "a message to the processor is lost",
    "a new parser comes while all goes on",
    "a note is lost to a rival",
    "a notification comes twice",
    "a poisoned file is processed in the end",
    "a processed file is deleted",
    "a rejected file is deleted",
    "a statement cannot be read",
    "a statement is taken for none",
    "a statement kills who reads it",
    "a sweep reads an index that lags",
    "an event is in the trail already",
    "an invocation stands still while others go on",
    "an invocation times out",
    "an object does not belong to this flow",
    "dead letters are redriven",
    "events are replayed while all goes on",
    "events are struck off twice",
    "figures are lost to a rival",
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
    "nobody can be left who worked on a file that is gone",
    "rows are known from another file",
    "rows are refused",
    "rows are stored again by their file",
    "rows stay since others show them",
    "the bus delivers an event twice",
    "the power fails",
    "who deletes finds a note",
    "who finishes finds a note",
    "who finishes finds the file elsewhere",
    "who gives up finds the file changed",
    "who is about to write sleeps until the file is gone",
    "who is about to write stands still while the file goes",
    "who was late cannot finish",
    "who was late finds he holds nothing",
    "who was late takes nothing back",
    "who works finds the file going",
];

#[test]
fn schedules_keep_the_invariants_and_reach_the_interesting_cases() {
    let report = campaign::seeds(Flow::Statements(None), 0..SCHEDULES, &|_| (), None);
    assert_clean(&report);
    assert_reached(&report, &SOMETIMES);
}

#[test]
fn every_placement_of_a_fault_keeps_the_invariants() {
    let report = campaign::placements(Flow::Statements(None), false);
    assert_clean(&report);
    assert!(report.schedules > 300, "only {} placements", report.schedules);
}

#[test]
fn every_known_bad_protocol_is_caught() {
    assert_caught(Mutant::ALL.iter().map(|mutant| Flow::Statements(Some(*mutant))), PATIENCE, |failure| {
        // The same schedule passes with the real protocol, so the mutant causes the violation.
        let mutant = failure.mutant.and_then(Mutant::named);
        assert!(mutant.is_some(), "{:?} is another flow's", failure.mutant);
        let real = statements::run(statements::Scenario::of(failure.seed, mutant), None, false).violation;
        assert_eq!(real, None, "the real protocol where {:?} is caught", failure.mutant);
    });
}

#[test]
fn the_same_seed_is_the_same_run() {
    assert_repeatable(Flow::Statements(None));
}

fn waiting(id: String, clock: &ManualClock) -> File {
    File {
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
    let books = Arc::new(MemoryStatements::new(Arc::clone(&records), 25));
    let statements = Statements {
        records: Arc::clone(&records) as _,
        transactions: Arc::clone(&books) as _,
        figures: Arc::clone(&books) as _,
        audit: Arc::clone(&books) as _,
        events: Arc::new(MemoryBus::new(Arc::clone(&clock) as _, Arc::clone(&queue))),
        objects: Arc::new(MemoryObjects::default()),
        inbox: Arc::new(MemoryInbox::new("uploads", Arc::clone(&queue), Arc::clone(&clock) as _)),
        queue,
        clock: Arc::clone(&clock) as _,
        ids: Arc::new(SeededIds::new(1)),
        settings: Settings::default(),
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
