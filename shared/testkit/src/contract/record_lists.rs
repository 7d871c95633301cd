//! The part of the record store's contract suite about lists, open records and old events.

use std::cmp::Reverse;

use riffle_ports::{Ids, Outgoing, Record, RecordCursor, RecordStore, Subject};

use super::record_store::{FLOW, create, get, held, moved, new_record, next, outgoing, replace, tidy};
use super::{at, ok};

/// The maximum number of attempts to read an eventually consistent index.
const PATIENCE: usize = 200;
/// A limit higher than the number of stored records and events.
const MANY: u32 = 10_000;

/// Returns all pages of a list, once `expected` records are in the index.
async fn listed(
    store: &dyn RecordStore,
    tenant: &str,
    list: &str,
    limit: u32,
    expected: usize,
) -> Vec<Record> {
    let mut all = Vec::new();
    for _ in 0..PATIENCE {
        all.clear();
        loop {
            let after = all.last().map(RecordCursor::from);
            let page = ok(store.list(FLOW, tenant, list, after.as_ref(), limit).await, "list");
            assert!(page.len() <= limit as usize, "a page of at most {limit} records has {}", page.len());
            assert!(all.len() < 100, "the pages of {tenant} repeat records: {all:?}");
            let is_last = page.len() < limit as usize;
            all.extend(page);
            if is_last {
                break;
            }
        }
        if all.len() == expected {
            break;
        }
    }
    all
}

fn newest_first(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(|record| Reverse(RecordCursor::from(record)));
    records
}

/// Checks a list: newest first, in pages of any size, of one tenant and flow only.
pub(super) async fn pages(store: &dyn RecordStore, ids: &dyn Ids) {
    let (tenant, other) = (format!("one {}", ids.fresh()), format!("two {}", ids.fresh()));
    // Several equal moments, and some that differ only in their nanoseconds or by a whole second.
    let times = [at(5), at(1_000), at(1_000), at(1_000), at(999), at(60_000), at(2_000), at(1_001)];
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for created_at in times {
        let created = |tenant: &str| Record { created_at, changed_at: created_at, ..new_record(ids, tenant) };
        let record = created(&tenant);
        create(store, &record).await;
        let again = ok(store.create(record.clone(), &[]).await, "create");
        assert_eq!(again.as_ref(), Some(&record), "creating a record again returns it");
        own.push(record);
        let subject = Subject::new("workbook", ids.fresh());
        others.extend([created(&other), Record { subject, ..created(&tenant) }]);
    }
    for record in &others {
        create(store, record).await;
    }
    let own = newest_first(own);
    for limit in [1, 2, 3, 8, 100] {
        let listed = listed(store, &tenant, "all", limit, own.len()).await;
        assert_eq!(listed, own, "all records are listed in pages of {limit}, newest first");
    }
    // A cursor need not be the position of an existing record.
    let nobody = RecordCursor { created_at: at(1_500), id: ids.fresh() };
    let older = ok(store.list(FLOW, &tenant, "all", Some(&nobody), 100).await, "list");
    assert_eq!(
        older,
        own[2..],
        "a page begins with records created before the cursor, even if no record has the cursor's id"
    );
    for (tenant, list) in [(&*ids.fresh(), "all"), (&*tenant, "nothing"), (&*tenant, "")] {
        let nothing = ok(store.list(FLOW, tenant, list, None, 10).await, "list");
        assert_eq!(nothing, [], "the list {list:?} of {tenant} is empty");
    }
    for record in own.iter().chain(&others) {
        tidy(store, record).await;
    }
}

/// Proves that a record is in exactly the lists it names, and is listed as it is stored.
pub(super) async fn membership(store: &dyn RecordStore, ids: &dyn Ids) {
    let tenant = format!("tenant {}", ids.fresh());
    let records: Vec<Record> = (0..6)
        .map(|nth| Record { created_at: at(nth), changed_at: at(nth), ..new_record(ids, &tenant) })
        .collect();
    let lists = |lists: &[&str]| lists.iter().map(|list| (*list).to_owned()).collect::<Vec<_>>();
    let mut stored = Vec::new();
    for (nth, record) in records.iter().enumerate() {
        let listed_by = match nth {
            0 => lists(&[]),
            1 => lists(&["all"]),
            2 => lists(&["failed"]),
            _ => lists(&["all", "failed", "all # failed"]),
        };
        let record = Record { listed_by, ..record.clone() };
        create(store, &record).await;
        stored.push(record);
    }
    assert_lists(store, &tenant, &stored, "after creation").await;
    for (nth, listed_by) in [
        lists(&["all"]),
        lists(&["done", "all"]),
        lists(&[]),
        lists(&["all", "done"]),
        lists(&["failed", "all"]),
        lists(&["all # failed"]),
    ]
    .into_iter()
    .enumerate()
    {
        let moved = Record { listed_by, ..moved(&stored[nth], 100, "processed", false) };
        stored[nth] = replace(store, &stored[nth], moved, &[outgoing(ids, &stored[nth], 5)]).await;
    }
    assert_lists(store, &tenant, &stored, "after replacement").await;
    for record in &mut stored {
        let changed = Record { body: "{\"changed\":true}".to_owned(), ..next(record, 200) };
        *record = replace(store, record, changed, &[]).await;
    }
    assert_lists(store, &tenant, &stored, "after a change that keeps the lists").await;
    for record in &stored {
        tidy(store, record).await;
    }
    let none: Vec<Record> =
        stored.iter().map(|record| Record { listed_by: Vec::new(), ..record.clone() }).collect();
    assert_lists(store, &tenant, &none, "after removal from all lists").await;
}

async fn assert_lists(store: &dyn RecordStore, tenant: &str, stored: &[Record], what: &str) {
    for list in ["all", "failed", "all # failed", "done"] {
        let is_listed = |record: &&Record| record.listed_by.iter().any(|of| of == list);
        let expected = newest_first(stored.iter().filter(is_listed).cloned().collect());
        for limit in [2, 100] {
            let mut found = Vec::new();
            for _ in 0..PATIENCE {
                found = listed(store, tenant, list, limit, expected.len()).await;
                if found == expected {
                    break;
                }
            }
            assert_eq!(found, expected, "{what}: the list {list:?}");
        }
    }
}

/// Proves that the sweep finds open records by state and by the time of their last change.
pub(super) async fn open(store: &dyn RecordStore, ids: &dyn Ids) {
    let records: Vec<Record> = (0..8).map(|_| new_record(ids, &format!("tenant {}", ids.fresh()))).collect();
    for record in &records {
        create(store, record).await;
    }
    let [received, processing, deleting, processed, closed, reopened, unsettled, elsewhere] = &records[..]
    else {
        panic!("eight records");
    };
    // The same id in another flow.
    let elsewhere = Record { subject: Subject::new("workbook", &*elsewhere.subject.id), ..elsewhere.clone() };
    create(store, &elsewhere).await;
    tidy(store, &records[7]).await;
    let begun = replace(store, processing, held(processing, 2, "a"), &[]).await;
    replace(store, deleting, moved(deleting, 60, "deleting", true), &[]).await;
    replace(store, processed, moved(processed, 2, "processed", false), &[]).await;
    // The state alone does not determine whether a record is open.
    replace(store, closed, moved(closed, 2, "received", false), &[]).await;
    let failed = replace(store, reopened, moved(reopened, 3, "failed", false), &[]).await;
    replace(store, &failed, held(&failed, 4, "b"), &[]).await;
    replace(store, unsettled, moved(unsettled, 70, "deleted", true), &[]).await;

    let ended = [processed, closed, &elsewhere];
    let open = [received, processing, deleting, reopened, unsettled];
    assert_open(store, 1_000, &open, &ended, "exactly the open records are listed").await;
    let old = [received, processing, reopened];
    assert_open(
        store,
        60,
        &old,
        &[deleting, unsettled],
        "only records changed before the given time are listed",
    )
    .await;
    let young = [processing, deleting, reopened, unsettled];
    assert_open(store, 2, &[received], &young, "a record changed exactly at the given time is not listed")
        .await;
    for state in ["received", "processing", "deleting", "deleted"] {
        let one = ok(store.open_before(FLOW, state, at(1_000), 1).await, "open_before");
        assert_eq!(one.len(), 1, "the list has the requested number of records, even if others are open");
        assert_eq!(one[0].state, state, "records in another state are not listed");
    }
    let other = ok(store.open_before("workbook", "received", at(1_000), MANY).await, "open_before");
    assert!(other.contains(&elsewhere), "each flow has its own list of open records");
    assert!(
        other.iter().all(|record| record.subject.flow == "workbook"),
        "records of other flows are not listed"
    );

    // Renewing a lease is a change, so the sweep leaves a worker that is still running alone.
    replace(store, &begun, next(&begun, 900), &[]).await;
    let open = [received, deleting, reopened, unsettled];
    assert_open(store, 900, &open, &[processing], "a change makes an old record recent again").await;
    for record in records.iter().chain([&elsewhere]) {
        tidy(store, record).await;
    }
    let records: Vec<&Record> = records.iter().collect();
    assert_open(store, 99_000_000, &[], &records, "closed records are not listed").await;
}

async fn assert_open(
    store: &dyn RecordStore,
    before: i64,
    there: &[&Record],
    not_there: &[&Record],
    what: &str,
) {
    let mut listed = Vec::new();
    for _ in 0..PATIENCE {
        listed.clear();
        for state in ["received", "processing", "processed", "deleting", "deleted"] {
            let of_it = ok(store.open_before(FLOW, state, at(before), MANY).await, "open_before");
            let is_asked_for = |record: &Record| record.state == state && record.subject.flow == FLOW;
            assert!(
                of_it.iter().all(is_asked_for),
                "{what}: a record in a state other than {state} was listed"
            );
            listed.extend(of_it);
        }
        let position = |record: &Record| {
            let same = |other: &&Record| other.subject == record.subject && other.tenant == record.tenant;
            listed.iter().filter(same).count()
        };
        if there.iter().all(|record| position(record) == 1)
            && not_there.iter().all(|record| position(record) == 0)
        {
            for record in there {
                let stored = get(store, record).await;
                let listed = listed.iter().find(|other| other.subject == record.subject);
                assert_eq!(listed, stored.as_ref(), "{what}: the listed record is the stored one");
            }
            return;
        }
    }
    panic!("{what}: {there:?} must be listed and {not_there:?} must not, but the list is {listed:?}");
}

/// Proves that the sweep finds events that were not published in time, of any tenant.
pub(super) async fn old_outbox(store: &dyn RecordStore, ids: &dyn Ids) {
    let records: Vec<Record> = (0..3).map(|_| new_record(ids, &format!("tenant {}", ids.fresh()))).collect();
    let mut lying = Vec::new();
    for (record, time) in records.iter().zip([5, 6, 900]) {
        create(store, record).await;
        let events = [outgoing(ids, record, 0), outgoing(ids, record, 5_000)];
        replace(store, record, held(record, time, "a"), &events).await;
        lying.extend(events);
    }
    let elsewhere = Record { subject: Subject::new("workbook", ids.fresh()), ..new_record(ids, "contract") };
    let theirs = [outgoing(ids, &elsewhere, 1)];
    ok(store.create(elsewhere.clone(), &theirs).await, "create");
    assert_lying(store, 901, &lying, &theirs, "all events are older than the given time").await;
    assert_lying(
        store,
        900,
        &lying[..4],
        &lying[4..],
        "an event announced exactly at the given time is not listed",
    )
    .await;
    assert_lying(store, 6, &lying[..2], &lying[2..], "two events are older than the given time").await;
    let few = ok(store.outbox(FLOW, at(901), 3).await, "outbox");
    assert_eq!(few.len(), 3, "the list has the requested number of events if there are more");
    let other = ok(store.outbox("workbook", at(2), MANY).await, "outbox");
    assert!(other.contains(&theirs[0]), "events announced with a creation are in the outbox of their flow");
    ok(store.announced(&lying[..3]).await, "announced");
    assert_lying(
        store,
        901,
        &lying[3..],
        &lying[..3],
        "events that were removed from the outbox are not listed",
    )
    .await;
    for record in records.iter().chain([&elsewhere]) {
        tidy(store, record).await;
    }
    assert_lying(store, 901, &[], &lying, "all events were removed from the outbox").await;
}

async fn assert_lying(
    store: &dyn RecordStore,
    before: i64,
    there: &[Outgoing],
    not_there: &[Outgoing],
    what: &str,
) {
    for _ in 0..PATIENCE {
        let lying = ok(store.outbox(FLOW, at(before), MANY).await, "outbox");
        let times = |event: &&Outgoing| lying.iter().filter(|other| other == event).count();
        if there.iter().all(|event| times(&event) == 1) && not_there.iter().all(|event| times(&event) == 0) {
            return;
        }
    }
    panic!(
        "{what}: of {} events, those before {before} ms are not the ones listed",
        there.len() + not_there.len()
    );
}
