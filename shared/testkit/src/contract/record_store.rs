//! The contract suite for record stores, except lists (see `record_lists`) and changes (see `record_changes`).

use std::collections::BTreeMap;

use chrono::TimeDelta;
use futures::future::join_all;
use riffle_ports::{Ids, Lease, Outgoing, Record, RecordStore, Replaced, Subject};

use super::{assert_broken, at, ok};
use crate::simulator::Rng;

pub(super) const FLOW: &str = "statements";

pub(super) fn new_record(ids: &dyn Ids, tenant: &str) -> Record {
    Record {
        subject: Subject::new(FLOW, ids.fresh()),
        tenant: tenant.to_owned(),
        revision: 1,
        state: "received".to_owned(),
        open: true,
        created_at: at(1),
        changed_at: at(1),
        lease: None,
        attempts: 0,
        body: "{\"name\":\"Kontoauszug März \\\"2026\\\" 漢字 🦀.csv\"}".to_owned(),
        listed_by: vec!["all".to_owned()],
        expires_at: None,
    }
}

pub(super) fn outgoing(ids: &dyn Ids, record: &Record, milliseconds: i64) -> Outgoing {
    Outgoing {
        event_id: ids.fresh(),
        event_type: "file.processed".to_owned(),
        tenant: record.tenant.clone(),
        subject: record.subject.clone(),
        at: at(milliseconds),
        detail: "{\"odd\":\"Ä 漢字 🦀 \\\" \\\\ <&>\"}".to_owned(),
    }
}

/// Returns the revision after `seen`, changed at this many milliseconds.
pub(super) fn next(seen: &Record, milliseconds: i64) -> Record {
    Record { revision: seen.revision + 1, changed_at: at(milliseconds), ..seen.clone() }
}

/// Returns the next revision, in another state and without a lease.
pub(super) fn moved(seen: &Record, milliseconds: i64, state: &str, open: bool) -> Record {
    Record { state: state.to_owned(), open, lease: None, ..next(seen, milliseconds) }
}

/// Returns the next revision, being processed under a lease with `token`.
pub(super) fn held(seen: &Record, milliseconds: i64, token: &str) -> Record {
    let lease = Some(Lease { token: token.to_owned(), until: at(milliseconds + 1_000_000) });
    Record { lease, attempts: seen.attempts + 1, ..moved(seen, milliseconds, "processing", true) }
}

pub(super) async fn create(store: &dyn RecordStore, record: &Record) {
    let taken = ok(store.create(record.clone(), &[]).await, "create");
    assert_eq!(taken, None, "the id of a new record is free");
}

pub(super) async fn replace(
    store: &dyn RecordStore,
    seen: &Record,
    next: Record,
    announce: &[Outgoing],
) -> Record {
    let replaced = ok(store.replace(seen, next.clone(), announce).await, "replace");
    assert_eq!(
        replaced,
        Replaced::Done,
        "revision {} can be replaced, because there are no concurrent callers",
        seen.revision
    );
    next
}

pub(super) async fn get(store: &dyn RecordStore, record: &Record) -> Option<Record> {
    ok(store.get(&record.tenant, &record.subject).await, "get")
}

/// Closes the record and empties its outbox, so that they do not fill the lists of other tests.
pub(super) async fn tidy(store: &dyn RecordStore, record: &Record) {
    if let Some(seen) = get(store, record).await {
        let closed = Record { listed_by: Vec::new(), ..moved(&seen, 9_000_000, "deleted", false) };
        replace(store, &seen, closed, &[]).await;
    }
    let left = ok(store.outbox_of(&record.tenant, &record.subject).await, "outbox_of");
    ok(store.announced(&left).await, "announced");
}

pub(super) async fn assert_outbox(
    store: &dyn RecordStore,
    record: &Record,
    expected: &[&Outgoing],
    what: &str,
) {
    let mut lying = ok(store.outbox_of(&record.tenant, &record.subject).await, "outbox_of");
    let mut expected: Vec<Outgoing> = expected.iter().map(|event| (*event).clone()).collect();
    for events in [&mut lying, &mut expected] {
        events.sort_by(|one, two| one.event_id.cmp(&two.event_id));
    }
    // Compared outside the assertion's message: printing a quarter of a megabyte would not help.
    assert!(
        lying == expected,
        "{what}: {} events are in the outbox, but {} are expected",
        lying.len(),
        expected.len()
    );
}

pub(super) async fn creation(store: &dyn RecordStore, ids: &dyn Ids) {
    let first = new_record(ids, "contract");
    let (to_announce, refused) = (outgoing(ids, &first, 1), outgoing(ids, &first, 1));
    let taken = ok(store.create(first.clone(), std::slice::from_ref(&to_announce)).await, "create");
    assert_eq!(taken, None, "create with a free id returns nothing");
    assert_outbox(store, &first, &[&to_announce], "a creation adds its events to the outbox").await;
    let second = Record { body: "{}".to_owned(), ..first.clone() };
    let taken = ok(store.create(second, &[refused]).await, "create");
    assert_eq!(taken.as_ref(), Some(&first), "create with a taken id returns the record that has it");
    assert_eq!(get(store, &first).await.as_ref(), Some(&first), "create with a taken id changes nothing");
    assert_outbox(store, &first, &[&to_announce], "create with a taken id announces nothing").await;

    let begun = replace(store, &first, held(&first, 2, "a"), &[]).await;
    let taken = ok(store.create(first.clone(), &[]).await, "create");
    assert_eq!(taken, Some(begun), "create with a taken id returns the current revision");
    let elsewhere = Record { subject: Subject::new("workbook", &*first.subject.id), ..first.clone() };
    create(store, &elsewhere).await;

    let id = ids.fresh();
    let contenders: Vec<(Record, [Outgoing; 1])> = (0..16)
        .map(|number| {
            let subject = Subject::new(FLOW, &*id);
            let record =
                Record { subject, body: format!("{{\"by\":{number}}}"), ..new_record(ids, "contract") };
            let event = outgoing(ids, &record, 1);
            (record, [event])
        })
        .collect();
    let calls = contenders.iter().map(|(record, event)| store.create(record.clone(), event));
    let outcomes = join_all(calls).await;
    let stored = get(store, &contenders[0].0).await.expect("one of 16 records was created");
    let mut winners = Vec::new();
    for ((record, event), outcome) in contenders.iter().zip(outcomes) {
        match ok(outcome, "create") {
            None => {
                winners.push(&event[0]);
                assert_eq!(&stored, record, "the record that was reported as created is not the stored one");
            }
            Some(other) => {
                assert_eq!(other, stored, "a refused create returned a record other than the stored one");
            }
        }
    }
    assert_eq!(winners.len(), 1, "of 16 concurrent creates with one id exactly one must succeed");
    assert_outbox(store, &stored, &winners, "the outbox has the events of the successful create").await;
    for record in [&first, &elsewhere, &stored] {
        tidy(store, record).await;
    }
}

/// Checks records that never existed or belong to another tenant or flow.
pub(super) async fn absence(store: &dyn RecordStore, ids: &dyn Ids) {
    let record = new_record(ids, "contract");
    let event = [outgoing(ids, &record, 1)];
    create(store, &record).await;
    let other_tenant = Record { tenant: "contract two".to_owned(), ..record.clone() };
    let other_flow = Record { subject: Subject::new("workbook", &*record.subject.id), ..record.clone() };
    for none in [new_record(ids, "contract"), other_tenant, other_flow] {
        assert_eq!(get(store, &none).await, None, "an unknown record is not found");
        let replaced = store.replace(&none, held(&none, 2, "a"), &event).await;
        assert_eq!(ok(replaced, "replace"), Replaced::Missing, "replacing an unknown record returns Missing");
        assert_eq!(get(store, &none).await, None, "replacing an unknown record does not create it");
        assert_outbox(store, &none, &[], "replacing an unknown record announces nothing").await;
    }
    assert_eq!(
        get(store, &record).await.as_ref(),
        Some(&record),
        "calls for other tenants and flows do not change the record"
    );
    assert_outbox(
        store,
        &record,
        &[],
        "calls for other tenants and flows do not announce events of the record",
    )
    .await;
    tidy(store, &record).await;
}

/// Proves that all fields of a record are returned unchanged.
pub(super) async fn content(store: &dyn RecordStore, ids: &dyn Ids) {
    let odd = "Ünïcode \"quoted\" \\ #odd% 漢字 🦀\u{202e}'; --\t/<&>";
    let bare = Record {
        state: String::new(),
        open: false,
        body: String::new(),
        listed_by: Vec::new(),
        ..new_record(ids, odd)
    };
    let full = Record {
        subject: Subject::new("workbook", format!("{} {}", ids.fresh(), odd.replace('\t', " "))),
        state: "some_state".to_owned(),
        created_at: at(1_000),
        changed_at: at(2_003),
        lease: Some(Lease { token: odd.to_owned(), until: at(1_004) }),
        attempts: u32::MAX,
        body: format!("{{\"warnings\":[\"{}\"]}}", "Ä\\u0000漢🦀\\n".repeat(6_000)),
        listed_by: ["all", odd, ""].map(str::to_owned).to_vec(),
        expires_at: Some(at(7) + TimeDelta::days(60_000)),
        ..new_record(ids, odd)
    };
    for (record, other) in [(&bare, &full), (&full, &bare)] {
        create(store, record).await;
        // A store may remove old records when it stores another.
        let another = new_record(ids, "another");
        create(store, &another).await;
        tidy(store, &another).await;
        assert_eq!(get(store, record).await.as_ref(), Some(record), "a created record is kept unchanged");
        let turned = Record {
            subject: record.subject.clone(),
            revision: 2,
            created_at: record.created_at,
            ..other.clone()
        };
        let turned = replace(store, record, turned, &[]).await;
        assert_eq!(get(store, record).await, Some(turned), "a replaced record is kept unchanged");
        tidy(store, record).await;
    }
}

/// Proves that only the current revision of a record can be replaced.
pub(super) async fn replacement(store: &dyn RecordStore, ids: &dyn Ids) {
    let first = new_record(ids, "contract");
    create(store, &first).await;
    let second = replace(store, &first, held(&first, 2, "a"), &[]).await;
    let late = [outgoing(ids, &first, 3)];
    for stale in [moved(&first, 3, "failed", false), held(&first, 2, "b"), second.clone()] {
        let replaced = ok(store.replace(&first, stale, &late).await, "replace");
        assert_eq!(
            replaced,
            Replaced::Conflict(second.clone()),
            "revision 1, which has been replaced, cannot be replaced again"
        );
    }
    let third = replace(store, &second, next(&second, 2), &[]).await;
    let early = Record { revision: 9, ..third.clone() };
    let replaced = ok(store.replace(&early, next(&early, 3), &late).await, "replace");
    assert_eq!(
        replaced,
        Replaced::Conflict(third.clone()),
        "a revision that does not exist yet cannot be replaced"
    );
    assert_eq!(get(store, &first).await.as_ref(), Some(&third), "a conflict changes nothing");
    assert_outbox(store, &first, &[], "a conflict announces nothing").await;

    let wrong = [
        Record { revision: third.revision, ..next(&third, 4) },
        Record { revision: third.revision + 2, ..next(&third, 4) },
        Record { created_at: at(4), ..next(&third, 4) },
        Record { tenant: "contract two".to_owned(), ..next(&third, 4) },
        Record { subject: Subject::new("workbook", &*third.subject.id), ..next(&third, 4) },
        Record { listed_by: vec!["twice".to_owned(), "twice".to_owned()], ..next(&third, 4) },
        Record { listed_by: (0..=Record::MAX_LISTS).map(|nth| nth.to_string()).collect(), ..next(&third, 4) },
    ];
    for wrong in wrong {
        assert_broken(&store.replace(&third, wrong, &late).await, "replace with an invalid successor");
    }
    let wrong = Record { revision: 2, ..new_record(ids, "contract") };
    assert_broken(&store.create(wrong.clone(), &late).await, "create with revision 2");
    assert_eq!(get(store, &wrong).await, None, "an invalid record is not stored");
    assert_eq!(get(store, &first).await.as_ref(), Some(&third), "an invalid replacement changes nothing");
    assert_outbox(store, &first, &[], "an invalid call announces nothing").await;
    tidy(store, &first).await;
}

/// Proves that events are stored together with the record or not at all.
pub(super) async fn outbox(store: &dyn RecordStore, ids: &dyn Ids) {
    let record = new_record(ids, "contract");
    create(store, &record).await;
    let early = [outgoing(ids, &record, 5), outgoing(ids, &record, 5)];
    let large = Outgoing {
        detail: format!("{{\"large\":\"{}\"}}", "x".repeat(Outgoing::MAX_DETAIL - 12)),
        ..outgoing(ids, &record, 6)
    };
    assert_eq!(large.detail.len(), Outgoing::MAX_DETAIL, "the event has the largest allowed size");
    let begun = replace(store, &record, held(&record, 5, "one"), &early).await;
    assert_outbox(store, &record, &[&early[0], &early[1]], "all events of a replacement are in the outbox")
        .await;
    let done = moved(&begun, 6, "processed", false);
    let done = replace(store, &begun, done, std::slice::from_ref(&large)).await;
    let all = [&early[0], &early[1], &large];
    assert_outbox(store, &record, &all, "each replacement adds its events to the outbox").await;

    let unknown = outgoing(ids, &record, 5);
    ok(store.announced(&[]).await, "announced nothing");
    ok(
        store.announced(&[early[0].clone(), unknown]).await,
        "announced (with an event that was never in the outbox)",
    );
    assert_outbox(store, &record, &all[1..], "a published event is removed from the outbox").await;
    ok(store.announced(&early).await, "announced (with an event that was already removed)");

    // The same event, announced with another replacement, is in the outbox once.
    let again = moved(&done, 7, "deleting", true);
    let again = replace(store, &done, again, std::slice::from_ref(&large)).await;
    assert_outbox(store, &record, &[&large], "an event that is announced twice is in the outbox once").await;
    ok(store.announced(&[large]).await, "announced");
    assert_outbox(store, &record, &[], "all events were removed from the outbox").await;
    assert_eq!(
        get(store, &record).await,
        Some(again),
        "removing events from the outbox does not change the record"
    );

    // A record of another flow with the same id has its own outbox.
    let other = Record { subject: Subject::new("workbook", &*record.subject.id), ..record.clone() };
    let theirs = outgoing(ids, &other, 8);
    ok(store.create(other.clone(), std::slice::from_ref(&theirs)).await, "create");
    assert_outbox(store, &record, &[], "the outbox of a record does not have events of another flow").await;
    assert_outbox(store, &other, &[&theirs], "the event is in the outbox of its own flow").await;
    for record in [&record, &other] {
        tidy(store, record).await;
    }
}

/// Proves that of many concurrent replacements of one revision one succeeds, and that only its events are announced.
pub(super) async fn one_wins(store: &dyn RecordStore, ids: &dyn Ids) {
    let record = new_record(ids, "contract");
    create(store, &record).await;
    let mut seen = record.clone();
    for round in 0..3 {
        let rivals: Vec<(Record, [Outgoing; 1])> = (0..16)
            .map(|number| {
                let body = format!("{{\"round\":{round},\"by\":{number}}}");
                // Some rivals also enter further lists: record, lists and events are one write.
                let mut listed_by = vec!["all".to_owned()];
                listed_by.extend((number % 2 == 0).then(|| format!("by {number}")));
                (Record { body, listed_by, ..next(&seen, 5) }, [outgoing(ids, &record, 5)])
            })
            .collect();
        let calls = rivals.iter().map(|(next, event)| store.replace(&seen, next.clone(), event));
        let outcomes = join_all(calls).await;
        let stored = get(store, &record).await.expect("the record exists");
        let mut winners = Vec::new();
        for ((next, event), outcome) in rivals.iter().zip(outcomes) {
            match ok(outcome, "replace") {
                Replaced::Done => {
                    assert_eq!(
                        next, &stored,
                        "the replacement that was reported as done is not the stored record"
                    );
                    winners.push(&event[0]);
                }
                Replaced::Conflict(current) => {
                    assert_eq!(current, stored, "a conflict returned a record other than the stored one");
                }
                Replaced::Missing => panic!("the record exists"),
            }
        }
        assert_eq!(
            winners.len(),
            1,
            "of 16 concurrent replacements of one revision exactly one must succeed"
        );
        assert_outbox(store, &record, &winners, "the outbox has the events of the successful replacement")
            .await;
        let to_announce: Vec<Outgoing> = winners.into_iter().cloned().collect();
        ok(store.announced(&to_announce).await, "announced");
        seen = stored;
    }
    tidy(store, &record).await;
}

/// Applies random sequences of replacements, of current and of outdated revisions, to the store and to a model.
pub(super) async fn walks(store: &dyn RecordStore, ids: &dyn Ids) {
    let (mut done, mut conflicts) = (0, 0);
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let mut past = vec![new_record(ids, "contract walks")];
        let mut lying: BTreeMap<String, Outgoing> = BTreeMap::new();
        create(store, &past[0]).await;
        for step in 0..40 {
            let place = format!("walk {seed}, step {step}");
            let current = past.last().expect("the record was created").clone();
            let seen = if rng.chance(3_000) { rng.pick(&past).cloned() } else { None };
            let seen = seen.unwrap_or_else(|| current.clone());
            let next = any_next(&mut rng, &seen);
            let events: Vec<Outgoing> = (0..rng.below(3)).map(|_| outgoing(ids, &next, 5)).collect();
            let expected = if seen == current {
                lying.extend(events.iter().map(|event| (event.event_id.clone(), event.clone())));
                past.push(next.clone());
                done += 1;
                Replaced::Done
            } else {
                conflicts += 1;
                Replaced::Conflict(current)
            };
            assert_eq!(ok(store.replace(&seen, next, &events).await, "replace"), expected, "{place}");
            if rng.chance(2_000) {
                let announced: Vec<Outgoing> = lying.values().take(2).cloned().collect();
                lying.retain(|id, _| announced.iter().all(|event| event.event_id != *id));
                ok(store.announced(&announced).await, "announced");
            }
        }
        assert_eq!(get(store, &past[0]).await.as_ref(), past.last(), "walk {seed}: the final record");
        let lying: Vec<&Outgoing> = lying.values().collect();
        assert_outbox(store, &past[0], &lying, &format!("walk {seed}: the final outbox")).await;
        tidy(store, &past[0]).await;
    }
    assert!(
        done > 500 && conflicts > 100,
        "{done} replacements and {conflicts} conflicts are too few for a meaningful test"
    );
}

/// Draws from few values, so that they repeat.
fn any_next(rng: &mut Rng, seen: &Record) -> Record {
    let milliseconds = [0, 1, 500, 999, 1_000, 2_000][rng.below(6)];
    let token = format!("token {}", rng.below(2));
    let mut next = match rng.below(4) {
        0 => held(seen, milliseconds, &token),
        1 => moved(seen, milliseconds, "processed", false),
        2 => moved(seen, milliseconds, "deleting", true),
        _ => next(seen, milliseconds),
    };
    next.body = format!("{{\"body\":{}}}", rng.below(1_000));
    let lists = ["all", "failed", "to do"].map(str::to_owned);
    next.listed_by = lists.into_iter().filter(|_| rng.chance(5_000)).collect();
    next
}
