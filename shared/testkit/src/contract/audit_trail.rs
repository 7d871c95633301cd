//! The contract suite for audit trails.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use riffle_ports::{AuditEntry, AuditTrail, Ids, Subject};

use super::{at, ok};

/// The maximum number of attempts to read an eventually consistent index.
const PATIENCE: usize = 200;

/// Checks everything that [`AuditTrail`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn audit_trail(trail: &dyn AuditTrail, ids: &dyn Ids) {
    once(trail, ids).await;
    order(trail, ids).await;
    period(trail, ids).await;
    forgetting(trail, ids).await;
}

fn fresh(ids: &dyn Ids) -> Subject {
    Subject::new("statements", ids.fresh())
}

fn entry(ids: &dyn Ids, tenant: &str, subject: &Subject, time: DateTime<Utc>) -> AuditEntry {
    AuditEntry {
        tenant: tenant.to_owned(),
        subject: subject.clone(),
        event_id: ids.fresh(),
        event_type: "file.uploaded".to_owned(),
        at: time,
        event: "{\"odd\":\"Ä 漢字 🦀 \\\" \\\\ <&>\"}".to_owned(),
    }
}

/// Proves that an event is kept once, as it was first appended, however often it is appended.
async fn once(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, subject) = (format!("tenant {}", ids.fresh()), fresh(ids));
    assert_eq!(
        ok(trail.of_subject(&tenant, &subject).await, "of_subject"),
        [],
        "a new subject has no entries"
    );
    let first = entry(ids, &tenant, &subject, at(5));
    assert!(ok(trail.append(first.clone()).await, "append"), "appending a new event returns true");
    assert!(!ok(trail.append(first.clone()).await, "append"), "appending a stored event again returns false");
    // An event recreated for a second notification has the same id and may have another time.
    for time in [at(1), at(9_000)] {
        let again = AuditEntry { at: time, event: "{}".to_owned(), ..first.clone() };
        assert!(
            !ok(trail.append(again).await, "append"),
            "an event with a stored id is not new, even with another time"
        );
    }
    assert_eq!(
        ok(trail.of_subject(&tenant, &subject).await, "of_subject"),
        [first],
        "an event is stored once, with its first content"
    );

    let large = AuditEntry {
        event: format!("{{\"large\":\"{}\"}}", "x".repeat(240_000)),
        ..entry(ids, &tenant, &fresh(ids), at(6))
    };
    ok(trail.append(large.clone()).await, "append");
    let kept = ok(trail.of_subject(&tenant, &large.subject).await, "of_subject");
    assert!(kept == [large], "a large event is stored whole");

    let contended = entry(ids, &tenant, &fresh(ids), at(7));
    let appends = join_all((0..16).map(|_| trail.append(contended.clone()))).await;
    let new = appends.into_iter().filter(|new| ok(new.clone(), "append")).count();
    assert_eq!(new, 1, "of 16 concurrent appends of one event exactly one returns true");
    assert_eq!(
        ok(trail.of_subject(&tenant, &contended.subject).await, "of_subject"),
        [contended],
        "concurrent appends store the event once"
    );
}

/// Returns moments of which several are equal and some differ only in their nanoseconds or by a whole second.
fn times() -> [DateTime<Utc>; 8] {
    [at(60_000), at(5), at(1_000), at(1_000), at(1_000), at(999), at(2_000), at(1_001)]
}

fn sorted(mut entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
    entries
}

async fn order(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let subject = fresh(ids);
    let mut expected = Vec::new();
    for time in times() {
        let own = entry(ids, &tenant, &subject, time);
        ok(trail.append(own.clone()).await, "append");
        expected.push(own);
        ok(trail.append(entry(ids, &tenant, &fresh(ids), time)).await, "append");
        ok(trail.append(entry(ids, &other, &subject, time)).await, "append");
        let elsewhere = Subject::new("workbook", &*subject.id);
        ok(trail.append(entry(ids, &tenant, &elsewhere, time)).await, "append");
    }
    let kept = ok(trail.of_subject(&tenant, &subject).await, "of_subject");
    assert_eq!(
        kept,
        sorted(expected),
        "entries are sorted by time, then by event id, and belong to this subject and tenant"
    );
}

async fn period(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let mut expected = Vec::new();
    for time in times() {
        let own = entry(ids, &tenant, &fresh(ids), time);
        ok(trail.append(own.clone()).await, "append");
        expected.push(own);
        ok(trail.append(entry(ids, &other, &fresh(ids), time)).await, "append");
    }
    let all = sorted(expected);
    for limit in [1, 2, 3, 8, 100] {
        let mut listed = Vec::new();
        for _ in 0..PATIENCE {
            listed = pages(trail, &tenant, limit).await;
            if listed.len() == all.len() {
                break;
            }
        }
        assert_eq!(listed, all, "all entries are listed in pages of {limit}");
    }
    for (from, to) in
        [(at(5), at(1_000)), (at(1_000), at(1_001)), (at(1_000), at(1_000)), (at(999), at(60_000))]
    {
        let inside = |entry: &&AuditEntry| from <= entry.at && entry.at < to;
        let inside: Vec<AuditEntry> = all.iter().filter(inside).cloned().collect();
        let listed = ok(trail.between(&tenant, from, to, None, 100).await, "between");
        assert_eq!(listed, inside, "entries from {from} (inclusive) to {to} (exclusive)");
    }
    let nobody = (at(1_000), "~".to_owned());
    let beyond = ok(trail.between(&tenant, at(0), at(90_000), Some(&nobody), 100).await, "between");
    assert_eq!(beyond, all[5..], "a page may begin after a position that has no entry");
}

async fn pages(trail: &dyn AuditTrail, tenant: &str, limit: u32) -> Vec<AuditEntry> {
    let mut all: Vec<AuditEntry> = Vec::new();
    loop {
        let after = all.last().map(|entry| (entry.at, entry.event_id.clone()));
        let page = ok(trail.between(tenant, at(0), at(90_000), after.as_ref(), limit).await, "between");
        assert!(page.len() <= limit as usize, "a page of at most {limit} entries has {}", page.len());
        assert!(all.len() <= 20, "pages repeat entries: {all:?}");
        let last = page.len() < limit as usize;
        all.extend(page);
        if last {
            return all;
        }
    }
}

async fn forgetting(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let (subject, neighbour) = (fresh(ids), fresh(ids));
    // More entries than one request to a table removes.
    let own: Vec<AuditEntry> = (0..60).map(|nth| entry(ids, &tenant, &subject, at(nth * 100))).collect();
    let elsewhere = Subject::new("workbook", &*subject.id);
    let theirs = [
        entry(ids, &tenant, &neighbour, at(5)),
        entry(ids, &other, &subject, at(5)),
        entry(ids, &tenant, &elsewhere, at(6)),
    ];
    for entry in own.iter().chain(&theirs) {
        ok(trail.append(entry.clone()).await, "append");
    }
    let keep = [own[7].event_id.clone(), ids.fresh()];
    for again in ["", ", again"] {
        ok(trail.forget(&tenant, &subject, &keep).await, "forget");
        let left = ok(trail.of_subject(&tenant, &subject).await, "of_subject");
        assert_eq!(left, [own[7].clone()], "all entries are removed, except the event to keep{again}");
    }
    for entry in &theirs {
        let left = ok(trail.of_subject(&entry.tenant, &entry.subject).await, "of_subject");
        assert_eq!(
            left,
            std::slice::from_ref(entry),
            "entries of other subjects, tenants and flows are not removed"
        );
    }
    let mut listed = Vec::new();
    for _ in 0..PATIENCE {
        listed = ok(trail.between(&tenant, at(0), at(90_000), None, 100).await, "between");
        if listed.len() == 3 {
            break;
        }
    }
    let left = vec![own[7].clone(), theirs[0].clone(), theirs[2].clone()];
    assert_eq!(listed, sorted(left), "removed entries are not listed");
    assert!(ok(trail.append(own[3].clone()).await, "append"), "a removed event can be appended again");
    ok(trail.forget(&tenant, &subject, &[]).await, "forget");
    assert_eq!(
        ok(trail.of_subject(&tenant, &subject).await, "of_subject"),
        [],
        "without events to keep, all entries are removed"
    );
    ok(trail.forget(&tenant, &fresh(ids), &[]).await, "forget a subject without entries");
}
