//! What an audit trail promises.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use riffle_ports::{AuditEntry, AuditTrail, FileId, Ids};

use super::{at, ok};

/// An index that is eventually right is asked as often as this.
const PATIENCE: usize = 200;

/// Everything [`AuditTrail`] promises.
///
/// # Panics
/// If a promise is broken.
pub async fn audit_trail(trail: &dyn AuditTrail, ids: &dyn Ids) {
    once(trail, ids).await;
    order(trail, ids).await;
    period(trail, ids).await;
    forgetting(trail, ids).await;
}

fn entry(ids: &dyn Ids, tenant: &str, file: &FileId, time: DateTime<Utc>) -> AuditEntry {
    AuditEntry {
        tenant: tenant.to_owned(),
        file: file.clone(),
        event_id: ids.fresh(),
        event_type: "file.uploaded".to_owned(),
        at: time,
        event: "{\"odd\":\"Ä 漢字 🦀 \\\" \\\\ <&>\"}".to_owned(),
    }
}

/// However often an event is told, it is kept once, as it was told first.
async fn once(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, file) = (format!("tenant {}", ids.fresh()), FileId(ids.fresh()));
    assert_eq!(ok(trail.of_file(&tenant, &file).await, "of_file"), [], "nothing has happened");
    let first = entry(ids, &tenant, &file, at(5));
    assert!(ok(trail.append(first.clone()).await, "append"), "it was not there");
    assert!(!ok(trail.append(first.clone()).await, "append"), "it was there");
    // An event that is made anew on a second notification has its id and may have another time.
    for time in [at(1), at(9_000)] {
        let again = AuditEntry { at: time, event: "{}".to_owned(), ..first.clone() };
        assert!(!ok(trail.append(again).await, "append"), "the event is there, under another time");
    }
    assert_eq!(ok(trail.of_file(&tenant, &file).await, "of_file"), [first], "once, as it was told first");

    let large = AuditEntry {
        event: format!("{{\"large\":\"{}\"}}", "x".repeat(240_000)),
        ..entry(ids, &tenant, &FileId(ids.fresh()), at(6))
    };
    ok(trail.append(large.clone()).await, "append");
    let kept = ok(trail.of_file(&tenant, &large.file).await, "of_file");
    assert!(kept == [large], "a large event is kept whole");

    let contended = entry(ids, &tenant, &FileId(ids.fresh()), at(7));
    let appends = join_all((0..16).map(|_| trail.append(contended.clone()))).await;
    let new = appends.into_iter().filter(|new| ok(new.clone(), "append")).count();
    assert_eq!(new, 1, "of 16 who append an event exactly one is the first");
    assert_eq!(
        ok(trail.of_file(&tenant, &contended.file).await, "of_file"),
        [contended],
        "and it is kept once"
    );
}

/// Some of one moment, and moments that only their nanoseconds or a whole second tell apart.
fn times() -> [DateTime<Utc>; 8] {
    [at(60_000), at(5), at(1_000), at(1_000), at(1_000), at(999), at(2_000), at(1_001)]
}

fn sorted(mut entries: Vec<AuditEntry>) -> Vec<AuditEntry> {
    entries.sort_by(|one, two| (one.at, &one.event_id).cmp(&(two.at, &two.event_id)));
    entries
}

async fn order(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let file = FileId(ids.fresh());
    let mut expected = Vec::new();
    for time in times() {
        let own = entry(ids, &tenant, &file, time);
        ok(trail.append(own.clone()).await, "append");
        expected.push(own);
        ok(trail.append(entry(ids, &tenant, &FileId(ids.fresh()), time)).await, "append");
        ok(trail.append(entry(ids, &other, &file, time)).await, "append");
    }
    let kept = ok(trail.of_file(&tenant, &file).await, "of_file");
    assert_eq!(kept, sorted(expected), "by time, then event id, of this file and tenant alone");
}

async fn period(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let mut expected = Vec::new();
    for time in times() {
        let own = entry(ids, &tenant, &FileId(ids.fresh()), time);
        ok(trail.append(own.clone()).await, "append");
        expected.push(own);
        ok(trail.append(entry(ids, &other, &FileId(ids.fresh()), time)).await, "append");
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
        assert_eq!(listed, all, "in pages of {limit}");
    }
    for (from, to) in
        [(at(5), at(1_000)), (at(1_000), at(1_001)), (at(1_000), at(1_000)), (at(999), at(60_000))]
    {
        let inside = |entry: &&AuditEntry| from <= entry.at && entry.at < to;
        let inside: Vec<AuditEntry> = all.iter().filter(inside).cloned().collect();
        let listed = ok(trail.between(&tenant, from, to, None, 100).await, "between");
        assert_eq!(listed, inside, "from {from} up to but not including {to}");
    }
    let nobody = (at(1_000), "~".to_owned());
    let beyond = ok(trail.between(&tenant, at(0), at(90_000), Some(&nobody), 100).await, "between");
    assert_eq!(beyond, all[5..], "after a place that is nobody's");
}

async fn pages(trail: &dyn AuditTrail, tenant: &str, limit: u32) -> Vec<AuditEntry> {
    let mut all: Vec<AuditEntry> = Vec::new();
    loop {
        let after = all.last().map(|entry| (entry.at, entry.event_id.clone()));
        let page = ok(trail.between(tenant, at(0), at(90_000), after.as_ref(), limit).await, "between");
        assert!(page.len() <= limit as usize, "a page of {limit} has {}", page.len());
        assert!(all.len() <= 20, "pages repeat themselves: {all:?}");
        let last = page.len() < limit as usize;
        all.extend(page);
        if last {
            return all;
        }
    }
}

async fn forgetting(trail: &dyn AuditTrail, ids: &dyn Ids) {
    let (tenant, other) = (format!("tenant {}", ids.fresh()), format!("tenant {}", ids.fresh()));
    let (file, neighbour) = (FileId(ids.fresh()), FileId(ids.fresh()));
    // More than one request of a table removes.
    let own: Vec<AuditEntry> = (0..60).map(|nth| entry(ids, &tenant, &file, at(nth * 100))).collect();
    let theirs = [entry(ids, &tenant, &neighbour, at(5)), entry(ids, &other, &file, at(5))];
    for entry in own.iter().chain(&theirs) {
        ok(trail.append(entry.clone()).await, "append");
    }
    let keep = [own[7].event_id.clone(), ids.fresh()];
    for again in ["", ", again"] {
        ok(trail.forget(&tenant, &file, &keep).await, "forget");
        let left = ok(trail.of_file(&tenant, &file).await, "of_file");
        assert_eq!(left, [own[7].clone()], "all but what is to be kept{again}");
    }
    for entry in &theirs {
        let left = ok(trail.of_file(&entry.tenant, &entry.file).await, "of_file");
        assert_eq!(left, std::slice::from_ref(entry), "what others have stays");
    }
    let mut listed = Vec::new();
    for _ in 0..PATIENCE {
        listed = ok(trail.between(&tenant, at(0), at(90_000), None, 100).await, "between");
        if listed.len() == 2 {
            break;
        }
    }
    assert_eq!(listed, sorted(vec![own[7].clone(), theirs[0].clone()]), "what is forgotten is in no list");
    assert!(ok(trail.append(own[3].clone()).await, "append"), "what was forgotten is new");
    ok(trail.forget(&tenant, &file, &[]).await, "forget");
    assert_eq!(ok(trail.of_file(&tenant, &file).await, "of_file"), [], "nothing is kept");
    ok(trail.forget(&tenant, &FileId(ids.fresh()), &[]).await, "forget a file that nothing happened to");
}
