//! Tests of each rule, and random sequences of changes whose results through the store must equal those of the rules.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use futures::executor::block_on;
use riffle_ports::{Ids as _, RecordStore};
use riffle_testkit::memory::{MemoryRecords, SeededIds};
use riffle_testkit::simulator::Rng;

use super::*;
use crate::state::file_details::StageFailure;

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(milliseconds)
}

fn new_file(id: String) -> FileRecord {
    FileRecord {
        tenant: "tenant".to_owned(),
        name: "Kontoauszug März \"2026\" 漢字 🦀.csv".to_owned(),
        object: Some(ObjectRef {
            bucket: "uploads".to_owned(),
            key: format!("statements/tenant/Ünïcode + {id}"),
            version: Some("3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY".to_owned()),
            etag: "d41d8cd98f00b204e9800998ecf8427e-3".to_owned(),
        }),
        id: FileId(id),
        size: 5_000_000_000,
        account: Some("DE02 1203 0000 0000 2020 51".to_owned()),
        state: FileState::Received,
        received_at: at(1),
        changed_at: at(1),
        lease: None,
        attempts: 0,
        parts: 0,
        findings: FileDetails::default(),
        revision: 1,
        unsettled: false,
    }
}

fn findings(number: usize) -> FileDetails {
    let failed = StageFailure {
        event_id: number.to_string(),
        stage: "audit-consumer".to_owned(),
        reason: "Ä \"odd\" 🦀".to_owned(),
        at: at(7),
    };
    FileDetails { rows: number as u64, errors: vec![failed], ..FileDetails::default() }
}

fn begin(token: &str, until: i64) -> FileChange {
    FileChange::Begin { token: token.to_owned(), until: at(until) }
}

fn finish(token: &str, state: FileState) -> FileChange {
    FileChange::Finish { token: token.to_owned(), state, findings: findings(3), parts: 2 }
}

/// Returns the file after all of `changes`, made a millisecond apart.
fn after(changes: &[FileChange]) -> FileRecord {
    changes.iter().zip(2..).fold(new_file("f".to_owned()), |file, (change, time)| {
        file.apply(change, at(time)).unwrap_or_else(|why| panic!("{change:?}: {why:?}"))
    })
}

fn in_state(state: FileState) -> FileRecord {
    let held = begin("a", 1_000);
    let changes = match state {
        FileState::Received => vec![],
        FileState::Processing => vec![held],
        FileState::Processed | FileState::Review | FileState::Rejected => vec![held, finish("a", state)],
        FileState::Failed => vec![held, FileChange::Fail { findings: findings(1) }],
        FileState::Deleting => vec![FileChange::Delete],
        FileState::Deleted => vec![FileChange::Delete, FileChange::Deleted],
    };
    let file = after(&changes);
    assert_eq!(file.state, state);
    file
}

#[test]
fn each_change_is_allowed_in_some_states_alone() {
    use FileState::{Deleted, Deleting, Failed, Processed, Processing, Received, Rejected, Review};
    let not_deleted = [Received, Processing, Processed, Review, Rejected, Failed];
    let cases: [(FileChange, &[FileState]); 9] = [
        (begin("a", 2_000), &[Received, Processing, Failed]),
        (FileChange::Extend { token: "a".to_owned(), until: at(2_000), parts: 1 }, &[Processing]),
        (FileChange::Release { token: "a".to_owned() }, &[Processing]),
        (finish("a", Processed), &[Processing]),
        (FileChange::Fail { findings: findings(2) }, &[Received, Processing, Failed]),
        (
            FileChange::Note { findings: findings(2) },
            &[Received, Processing, Processed, Review, Rejected, Failed, Deleting],
        ),
        (FileChange::Delete, &not_deleted),
        (FileChange::Deleted, &[Deleting]),
        (FileChange::Settled, &[Deleted]),
    ];
    for (change, allowed) in cases {
        for &state in FileState::ALL {
            let file = in_state(state);
            match file.apply(&change, at(500)) {
                Ok(next) => {
                    assert!(allowed.contains(&state), "{} in state {state:?}", change.into_str());
                    assert_eq!((next.revision, next.changed_at), (file.revision + 1, at(500)));
                }
                Err(why) => {
                    assert!(!allowed.contains(&state), "{} in state {state:?}", change.into_str());
                    assert_eq!(why, FileNotChanged::State);
                }
            }
        }
    }
}

#[test]
fn a_file_is_one_workers_until_its_lease_ends() {
    let held = after(&[begin("a", 1_000)]);
    assert_eq!(held.lease, Some(Lease { token: "a".to_owned(), until: at(1_000) }));
    assert_eq!(held.apply(&begin("b", 9_000), at(999)), Err(FileNotChanged::Token));
    let again = held.apply(&begin("a", 9_000), at(999)).expect("a worker can begin again with its own token");
    assert_eq!((again.attempts, again.is_held_by("a")), (2, true));
    let taken = held.apply(&begin("b", 9_000), at(1_000)).expect("the lease has ended");
    assert_eq!((taken.attempts, taken.is_held_by("b"), taken.is_held_by("a")), (2, true, false));
    for change in [
        FileChange::Extend { token: "a".to_owned(), until: at(9_000), parts: 1 },
        FileChange::Release { token: "a".to_owned() },
        finish("a", FileState::Processed),
    ] {
        assert_eq!(
            taken.apply(&change, at(1_001)),
            Err(FileNotChanged::Token),
            "{} is refused after the lease has passed to another worker",
            change.into_str()
        );
    }
    let released =
        held.apply(&FileChange::Release { token: "a".to_owned() }, at(5)).expect("the file is leased");
    assert_eq!((released.state, &released.lease), (FileState::Processing, &None));
    assert_eq!(released.apply(&finish("a", FileState::Processed), at(6)), Err(FileNotChanged::Token));
    assert!(released.apply(&begin("b", 9_000), at(6)).is_ok(), "a released file can be begun at once");
    for state in [FileState::Received, FileState::Failed, FileState::Deleted] {
        assert_eq!(
            held.apply(&finish("a", state), at(6)),
            Err(FileNotChanged::State),
            "a file cannot finish in state {state:?}"
        );
    }
}

#[test]
fn parts_are_counted_up_and_never_down() {
    let held = after(&[begin("a", 1_000)]);
    let extend = |file: &FileRecord, parts| {
        let change = FileChange::Extend { token: "a".to_owned(), until: at(2_000), parts };
        file.apply(&change, at(5)).expect("the file is leased").parts
    };
    assert_eq!((extend(&held, 3), extend(&FileRecord { parts: 7, ..held.clone() }, 3)), (3, 7));
    let done = FileRecord { parts: 7, ..held }.apply(&finish("a", FileState::Review), at(6)).expect("held");
    assert_eq!((done.parts, done.lease.is_none(), done.findings), (7, true, findings(3)));
}

#[test]
fn a_deleted_file_leaves_only_that_it_was_there() {
    let going = after(&[begin("a", 1_000), FileChange::Delete]);
    assert!(going.is_open() && going.lease.is_some(), "a worker may still be writing");
    assert_eq!(going.apply(&FileChange::Deleted, at(999)), Err(FileNotChanged::Token));
    let deleted = FileRecord { parts: 4, ..going }
        .apply(&FileChange::Deleted, at(1_000))
        .expect("the lease has expired");
    assert_eq!((&*deleted.name, &deleted.object, &deleted.account), ("", &None, &None));
    assert_eq!((&deleted.lease, &deleted.findings, deleted.parts), (&None, &FileDetails::default(), 4));
    assert!(deleted.is_open() && deleted.unsettled, "the sweep has to look at the file again");
    assert!(!deleted.to_record().body.contains("Kontoauszug"));
    let settled = deleted.apply(&FileChange::Settled, at(2_000)).expect("the file is unsettled");
    assert!(!settled.is_open());
    assert_eq!(settled.apply(&FileChange::Settled, at(2_001)), Err(FileNotChanged::State));
}

#[test]
fn a_record_is_read_as_it_was_written() {
    assert_eq!(FileId::FLOW, FLOW, "the stores of transactions look for files of this flow");
    for &state in FileState::ALL {
        let file = in_state(state);
        let record = file.to_record();
        assert_eq!((record.state.as_str(), record.open), (state.as_str(), file.is_open()));
        assert_eq!(record.is_held(FileId::PROCESSING, "a"), file.is_held_by("a"), "{state:?}");
        assert_eq!(FileRecord::from_record(&record), Ok(file));
    }
    let record = new_file("f".to_owned()).to_record();
    for broken in [
        Record { subject: riffle_ports::Subject::new("workbook", "f"), ..record.clone() },
        Record { state: "lost".to_owned(), ..record.clone() },
        Record { body: "{}".to_owned(), ..record },
    ] {
        assert!(matches!(FileRecord::from_record(&broken), Err(PortError::Broken(_))), "{broken:?}");
    }
}

/// The result of each step, and the stored file after it, are as the rules say.
#[test]
fn changes_through_the_store_are_those_of_the_rules() {
    let (store, ids) = (MemoryRecords::default(), SeededIds::new(1));
    let (mut seen, mut reached): (BTreeSet<_>, BTreeSet<_>) = Default::default();
    for seed in 0..200 {
        let mut rng = Rng::new(seed);
        let mut past = vec![new_file(ids.fresh())];
        assert_eq!(block_on(store.create(past[0].to_record(), &[])), Ok(None));
        let mut outbox = BTreeMap::new();
        for step in 0..40 {
            let current = past.last().expect("the file was created").clone();
            reached.insert(current.state);
            let place = format!("walk {seed}, step {step}, in {:?}", current.state);
            let (what, now) = (any_change(&mut rng), time(&mut rng));
            let event = crate::state::outbox::outgoing(&crate::state::outbox::event(
                &current.id,
                now,
                riffle_contracts::EventData::DeletionRequested(riffle_contracts::DeletionRequested {
                    tenant: current.tenant.clone(),
                }),
                &[&step.to_string()],
            ));
            let announce = if rng.chance(5_000) { vec![event] } else { Vec::new() };
            let old = rng.pick(&past).filter(|_| rng.chance(2_000)).cloned();
            let (expected, outcome) = if let Some(old) = old {
                // The change follows from a state that was read, possibly many steps ago.
                let expected = match old.apply(&what, now) {
                    Err(why) => Changed::Refused(old.clone(), why),
                    Ok(_) if old.revision != current.revision => Changed::Superseded(current.clone()),
                    Ok(next) => Changed::Applied(next),
                };
                (expected, block_on(change_seen(&store, &old, &what, now, &announce)))
            } else {
                let expected = match current.apply(&what, now) {
                    Ok(next) => Changed::Applied(next),
                    Err(why) => Changed::Refused(current.clone(), why),
                };
                let subject = current.id.subject();
                (expected, block_on(change(&store, &current.tenant, &subject, &what, now, &announce)))
            };
            let outcome = outcome.expect("memory does not fail");
            assert_eq!(outcome, expected, "{place}: {what:?} at {now}");
            let kind = match &outcome {
                Changed::Applied(next) => {
                    past.push(next.clone());
                    outbox.extend(announce.into_iter().map(|event| (event.event_id.clone(), event)));
                    "applied"
                }
                Changed::Refused(..) => "refused",
                _ => "superseded",
            };
            seen.insert((what.into_str(), kind));
        }
        let subject = past[0].id.subject();
        let stored = block_on(store.get("tenant", &subject)).expect("memory does not fail");
        assert_eq!(stored, past.last().map(FileRecord::to_record), "walk {seed}: at its end");
        let lying = block_on(store.outbox_of("tenant", &subject)).expect("memory does not fail");
        assert_eq!(lying, outbox.into_values().collect::<Vec<_>>(), "walk {seed}: the outbox at its end");
    }
    let changes = ["begin", "extend", "release", "finish", "fail", "note", "delete", "deleted", "settled"];
    for change in changes {
        for outcome in ["applied", "refused"] {
            assert!(seen.contains(&(change, outcome)), "in no walk was {change} {outcome}");
        }
    }
    assert!(seen.contains(&("note", "superseded")) && seen.contains(&("finish", "superseded")), "{seen:?}");
    assert_eq!(reached, FileState::ALL.iter().copied().collect(), "the walks reach every state");
}

/// Draws tokens and times from few values, so that conditions hold about as often as not. Changes that lead to a final
/// state are rare, so that walks get far.
fn any_change(rng: &mut Rng) -> FileChange {
    let token = format!("token {}", rng.below(2));
    let findings = findings(rng.below(1_000));
    let parts = u32::try_from(rng.below(9)).unwrap_or_default();
    match rng.below(60) {
        0..=14 => FileChange::Begin { token, until: time(rng) },
        15..=26 => FileChange::Extend { token, until: time(rng), parts },
        27..=33 => FileChange::Release { token },
        34..=39 => {
            let states = [
                FileState::Processed,
                FileState::Review,
                FileState::Rejected,
                // Work cannot end in these states: refused.
                FileState::Received,
                FileState::Failed,
            ];
            let state = *rng.pick(&states).unwrap_or(&FileState::Processed);
            FileChange::Finish { token, state, findings, parts }
        }
        40..=43 => FileChange::Fail { findings },
        44..=52 => FileChange::Note { findings },
        53 => FileChange::Delete,
        54 | 55 => FileChange::Settled,
        _ => FileChange::Deleted,
    }
}

/// Draws a time: some are a millisecond apart, some seconds, some equal.
fn time(rng: &mut Rng) -> DateTime<Utc> {
    let milliseconds = [0, 0, 1, 500, 999][rng.below(5)];
    at(i64::try_from(rng.below(12)).unwrap_or_default() * 1_000 + milliseconds)
}
