//! The part of the ledger's contract suite about sessions, except single transitions (see `session_walk`).

use futures::future::join_all;
use riffle_ports::{
    Counts, Ids, Lease, Paused, ScanLedger, Sealed, Session, SessionId, State, Transition, TransitionResult,
    Usage,
};

use super::{at, new_session, ok, set};

/// The maximum number of attempts to read an eventually consistent index.
const PATIENCE: usize = 200;

pub(super) async fn creation(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let first = new_session(ids);
    let stored = ok(ledger.create(first.clone()).await, "create");
    assert_eq!(stored, None, "create with a free id returns nothing");

    let second = Session { tenant: "somebody else".to_owned(), ..first.clone() };
    let stored = ok(ledger.create(second).await, "create");
    assert_eq!(stored.as_ref(), Some(&first), "create with a taken id returns the session that has it");
    assert_eq!(
        ok(ledger.session(&first.id).await, "session"),
        Some(first.clone()),
        "create with a taken id changes nothing"
    );

    // Many concurrent creations under one id.
    let id = SessionId(ids.fresh());
    let contenders: Vec<Session> = (0..16)
        .map(|number| Session { id: id.clone(), tenant: format!("tenant {number}"), ..new_session(ids) })
        .collect();
    let outcomes = join_all(contenders.iter().map(|session| ledger.create(session.clone()))).await;
    let stored = ok(ledger.session(&id).await, "session").expect("one of 16 sessions was created");
    let mut winners = 0;
    for (session, outcome) in contenders.iter().zip(outcomes) {
        match ok(outcome, "create") {
            None => {
                winners += 1;
                assert_eq!(
                    &stored, session,
                    "the session that was reported as created is not the stored one"
                );
            }
            Some(other) => {
                assert_eq!(other, stored, "a refused create returned a session other than the stored one");
            }
        }
    }
    assert_eq!(winners, 1, "of 16 concurrent creates with one id exactly one must succeed");
}

pub(super) async fn absence(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let id = SessionId(ids.fresh());
    assert_eq!(ok(ledger.session(&id).await, "session"), None, "an unknown session is not found");
    assert_eq!(
        ok(ledger.transition(&id, Transition::Cancel).await, "transition"),
        TransitionResult::NoSession,
        "a transition of an unknown session returns NoSession"
    );
    let counts = Counts { processed: 1, ..Counts::default() };
    assert_eq!(
        ok(ledger.add_progress(&id, &set([0]), counts, Usage::default()).await, "add_progress"),
        None,
        "progress of an unknown session returns nothing"
    );
    assert_eq!(
        ok(ledger.session(&id).await, "session"),
        None,
        "changing an unknown session does not create it"
    );
    assert_eq!(ok(ledger.results(&id, 0).await, "results"), [], "an unknown session has no results");
    assert_eq!(ok(ledger.done(&id, 0).await, "done"), set([]), "an unknown session has no finished files");
}

/// Proves that long and unusual texts are returned unchanged.
pub(super) async fn content(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let session = Session {
        tenant: "tenant/with #odd% signs\u{202e}'\"; --".to_owned(),
        request: format!("{{\"codes\":[\"{}\"]}}", "Ä\\u0000漢🦀\\n".repeat(3_000)),
        ..new_session(ids)
    };
    ok(ledger.create(session.clone()).await, "create");
    let reason = "läuft nicht:\t\"a\\b\"\n".to_owned();
    let outcome = ok(ledger.transition(&session.id, Transition::Fail { reason }).await, "transition");
    let TransitionResult::Applied(failed) = outcome else {
        panic!("a session in LISTING can fail, but the outcome was {outcome:?}");
    };
    assert_eq!(failed.request, session.request, "a long request is kept unchanged");
    assert_eq!(failed.tenant, session.tenant, "an unusual tenant is kept unchanged");
    assert_eq!(
        failed.reason.as_deref(),
        Some("läuft nicht:\t\"a\\b\"\n"),
        "an unusual reason is kept unchanged"
    );
    assert_eq!(
        ok(ledger.session(&session.id).await, "session"),
        Some(failed),
        "a transition returns the stored session"
    );
}

pub(super) async fn open_list(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let (open, moved, cancelled) = (new_session(ids), new_session(ids), new_session(ids));
    for session in [&open, &moved, &cancelled] {
        ok(ledger.create(session.clone()).await, "create");
    }
    let wanted = [&open.id, &moved.id, &cancelled.id];
    assert_listed(ledger, &wanted, true, "a new session is listed as open").await;

    ok(ledger.transition(&moved.id, seal(7)).await, "transition");
    ok(ledger.transition(&cancelled.id, Transition::Cancel).await, "transition");
    assert_listed(ledger, &[&cancelled.id], false, "a cancelled session is not listed as open").await;
    assert_listed(ledger, &[&open.id, &moved.id], true, "other sessions stay listed as open").await;
    for id in wanted {
        ok(ledger.transition(id, Transition::Cancel).await, "transition");
    }
}

pub(super) async fn assert_listed(ledger: &dyn ScanLedger, ids: &[&SessionId], expected: bool, what: &str) {
    let mut listed = Vec::new();
    for _ in 0..PATIENCE {
        listed = ok(ledger.open_sessions().await, "open_sessions");
        if ids.iter().all(|id| listed.contains(id) == expected) {
            let mut once = listed.clone();
            once.sort();
            once.dedup();
            assert_eq!(once.len(), listed.len(), "a session is listed twice");
            return;
        }
    }
    panic!("{what}: {ids:?} in {listed:?}");
}

/// Proves that of many concurrent callers that request the same transition, one succeeds.
pub(super) async fn one_wins(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let session = new_session(ids);
    ok(ledger.create(session.clone()).await, "create");
    assert_single(ledger, &session.id, |number| seal(number + 1), "seal").await;
    let pause = |number| Transition::Pause {
        paused: Paused { by: format!("worker {number}"), at: at(1) },
        renewals: 0,
    };
    assert_single(ledger, &session.id, pause, "pause").await;
    let progress = |_| Transition::Progress { now: at(60_000), not_since: at(30_000) };
    assert_single(ledger, &session.id, progress, "claim the progress frame").await;
    let sweep = |_| Transition::Sweep { now: at(60_000), not_since: at(30_000) };
    assert_single(ledger, &session.id, sweep, "claim the sweep").await;
    assert_single(ledger, &session.id, |_| Transition::Run { now: at(61_000) }, "run").await;
    let lease = |number| Transition::Lease {
        lease: Lease { token: format!("token {number}"), until: at(120_000) },
        now: at(62_000),
    };
    assert_single(ledger, &session.id, lease, "take the lease").await;
}

async fn assert_single(
    ledger: &dyn ScanLedger,
    id: &SessionId,
    transition: impl Fn(u32) -> Transition,
    what: &str,
) {
    let outcomes = join_all((0..16).map(|number| ledger.transition(id, transition(number)))).await;
    let stored = ok(ledger.session(id).await, "session").expect("the session exists");
    let mut applied = 0;
    for outcome in outcomes {
        match ok(outcome, "transition") {
            TransitionResult::Applied(session) => {
                applied += 1;
                assert_eq!(
                    session, stored,
                    "{what}: the applied transition returned a session other than the stored one"
                );
            }
            TransitionResult::Refused(session) => {
                assert_eq!(
                    session, stored,
                    "{what}: a refused transition returned a session other than the stored one"
                );
            }
            TransitionResult::NoSession => panic!("{what}: the session exists"),
        }
    }
    assert_eq!(applied, 1, "of 16 concurrent transitions ({what}) exactly one must be applied");
}

/// Proves that counts add up, that sets of chunks are united, and that neither changes after the session has ended.
pub(super) async fn progress(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let session = new_session(ids);
    ok(ledger.create(session.clone()).await, "create");
    ok(ledger.transition(&session.id, seal(40 * 100)).await, "transition");

    let id = &session.id;
    // Forty concurrent calls, of which call n reports chunks n and n + 1 as full.
    let calls = (0..40).map(|number| {
        let full = set([number, (number + 1) % 40]);
        let counts = Counts { processed: 10, failed: u64::from(number % 2), matches: u64::from(number) };
        async move { ledger.add_progress(id, &full, counts, Usage::default()).await }
    });
    for outcome in join_all(calls).await {
        let after = ok(outcome, "add_progress").expect("the session exists");
        let calls_seen = after.counts.processed / 10;
        assert!(
            after.counts.processed.is_multiple_of(10) && (1..=40).contains(&calls_seen),
            "the counts returned by add_progress include a part of a call: {:?}",
            after.counts
        );
    }
    let after = ok(ledger.session(&session.id).await, "session").expect("the session exists");
    assert_eq!(
        after.counts,
        Counts { processed: 400, failed: 20, matches: 780 },
        "the counts of 40 concurrent calls are summed"
    );
    assert_eq!(after.chunks_done, set(0..40), "the full chunks of 40 concurrent calls are united");
    assert!(after.is_full(), "with 40 of 40 full chunks the session is full");

    let again = ok(
        ledger.add_progress(&session.id, &set([]), Counts::default(), Usage::default()).await,
        "add_progress",
    );
    assert_eq!(again.as_ref(), Some(&after), "empty progress changes nothing");

    ok(ledger.transition(&session.id, Transition::Cancel).await, "transition");
    let end = ok(ledger.session(&session.id).await, "session");
    assert_eq!(end.as_ref().map(|end| end.state), Some(State::Cancelled), "cancelled");
    let counts = Counts { processed: 1, failed: 1, matches: 1 };
    let late =
        ok(ledger.add_progress(&session.id, &set([999]), counts, Usage::default()).await, "add_progress");
    assert_eq!(late, end, "progress after the end returns the unchanged session");
    assert_eq!(ok(ledger.session(&session.id).await, "session"), end, "progress after the end is not stored");
}

fn seal(total: u32) -> Transition {
    Transition::Seal {
        sealed: Sealed {
            attempt: format!("attempt {total}"),
            digest: "0123456789abcdef".repeat(4),
            total,
            chunk_size: 100,
        },
        now: at(2),
    }
}
