//! The part of the ledger's contract suite about the list of a tenant's sessions.

use riffle_ports::{Ids, ListedAt, ScanLedger, Session, SessionId, State, Transition};

use super::ledger_sessions::assert_listed;
use super::{at, new_session, ok};

/// The maximum number of attempts to read an eventually consistent index.
const PATIENCE: usize = 200;

/// Returns all pages of a tenant's sessions, once `expected` sessions are in the index.
async fn listed(ledger: &dyn ScanLedger, tenant: &str, limit: u32, expected: usize) -> Vec<Session> {
    let mut all = Vec::new();
    for _ in 0..PATIENCE {
        all.clear();
        loop {
            let after = all.last().map(ListedAt::from);
            let page = ok(ledger.sessions(tenant, after.as_ref(), limit).await, "sessions");
            assert!(page.len() <= limit as usize, "a page of at most {limit} sessions has {}", page.len());
            assert!(all.len() <= expected, "{tenant} has more sessions than were created: {all:?}");
            let last = page.len() < limit as usize;
            all.extend(page);
            if last {
                break;
            }
        }
        if all.len() == expected {
            break;
        }
    }
    all
}

/// Proves that a session being deleted leaves its tenant's list at once, and the open sessions once it is deleted.
pub(super) async fn deletion(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let tenant = format!("tenant {}", ids.fresh());
    let (kept, gone) = (new_session(ids), new_session(ids));
    for session in [&kept, &gone] {
        ok(ledger.create(Session { tenant: tenant.clone(), ..session.clone() }).await, "create");
        ok(ledger.transition(&session.id, Transition::Cancel).await, "transition");
    }
    listed(ledger, &tenant, 10, 2).await;
    let delete = Transition::Delete { request: "what is left".to_owned(), now: at(7_000) };
    ok(ledger.transition(&gone.id, delete).await, "transition");
    let mut left = Vec::new();
    for _ in 0..PATIENCE {
        left = ok(ledger.sessions(&tenant, None, 10).await, "sessions");
        if left.len() == 1 {
            break;
        }
    }
    let left: Vec<_> = left.into_iter().map(|session| session.id).collect();
    assert_eq!(left, [kept.id], "a session that is being deleted is not listed");
    assert_listed(ledger, &[&gone.id], true, "a session that is being deleted is open").await;
    let stored = ok(ledger.session(&gone.id).await, "session")
        .expect("the ledger keeps a session that is being deleted");
    assert_eq!((stored.request.as_str(), stored.state), ("what is left", State::Deleting));
    let same = Session { tenant: tenant.clone(), ..gone.clone() };
    assert_eq!(
        ok(ledger.create(same).await, "create"),
        Some(stored),
        "a session that is being deleted cannot be created again"
    );
    ok(ledger.transition(&gone.id, Transition::Deleted { now: at(8_000) }).await, "transition");
    assert_listed(ledger, &[&gone.id], false, "a deleted session is not open").await;
}

/// Checks the list of sessions: newest first, in pages of any size, of one tenant only.
pub(super) async fn pages(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (tenant, other) = (format!("one {}", ids.fresh()), format!("two {}", ids.fresh()));
    // Several equal moments, and some that differ only in their nanoseconds or by a whole second.
    let times = [at(5), at(1_000), at(1_000), at(1_000), at(999), at(60_000), at(2_000), at(1_001)];
    let mut expected = Vec::new();
    for created_at in times {
        let session = Session { tenant: tenant.clone(), created_at, ..new_session(ids) };
        ok(ledger.create(session.clone()).await, "create");
        ok(ledger.create(session.clone()).await, "create again");
        expected.push(session);
        let foreign = Session { tenant: other.clone(), created_at, ..new_session(ids) };
        ok(ledger.create(foreign).await, "create");
    }
    expected.sort_by_key(|session| std::cmp::Reverse(ListedAt::from(session)));
    for limit in [1, 2, 3, 8, 100] {
        let listed = listed(ledger, &tenant, limit, expected.len()).await;
        assert_eq!(listed, expected, "all sessions are listed in pages of {limit}, newest first");
    }
    // A cursor need not be the position of an existing session.
    let nobody = ListedAt { created_at: at(1_500), id: SessionId(ids.fresh()) };
    let older = ok(ledger.sessions(&tenant, Some(&nobody), 100).await, "sessions");
    assert_eq!(
        older,
        expected[2..],
        "a page begins with sessions created before the cursor, even if no session has the cursor's id"
    );
    let nothing = ok(ledger.sessions(&format!("nobody {}", ids.fresh()), None, 10).await, "sessions");
    assert_eq!(nothing, [], "a tenant without sessions has an empty list");
}

/// Proves that the list shows sessions in their current state, including ended ones.
pub(super) async fn changes(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let tenant = format!("tenant {}", ids.fresh());
    let session = Session { tenant: tenant.clone(), ..new_session(ids) };
    ok(ledger.create(session.clone()).await, "create");
    ok(ledger.transition(&session.id, Transition::Cancel).await, "transition");
    for _ in 0..PATIENCE {
        let listed = listed(ledger, &tenant, 10, 1).await;
        assert_eq!(listed.len(), 1, "a session that has ended stays listed");
        if listed[0].state == State::Cancelled {
            let stored = ok(ledger.session(&session.id).await, "session");
            assert_eq!(stored.as_ref(), listed.first(), "the list has the stored session");
            return;
        }
    }
    panic!("the list does not show that the session has ended");
}
