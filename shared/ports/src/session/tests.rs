//! The rules of a session, one by one. The contract suite compares adapters with [`Session::apply`], so it cannot see a
//! fault in `apply` itself.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn session(state: State) -> Session {
    let mut session = Session::new(SessionId("id".to_owned()), "a".to_owned(), "r".to_owned(), at(0), at(99));
    session.state = state;
    session.sealed = Some(sealed(250));
    session
}

fn sealed(total: u32) -> Sealed {
    Sealed { attempt: "attempt".to_owned(), digest: "digest".to_owned(), total, chunk_size: 100 }
}

fn lease(token: &str, until: i64) -> Lease {
    Lease { token: token.to_owned(), until: at(until) }
}

fn finalizing() -> Session {
    let mut session = session(State::Running);
    session
        .apply(&Transition::Lease { lease: lease("one", 10), now: at(1) })
        .expect("the session is running");
    session
}

/// A transition and the states in which it is allowed, given that its other conditions hold.
fn allowed() -> Vec<(Transition, &'static [State])> {
    use State::{Cancelled, Complete, Deleting, Dispatching, Failed, Finalizing, Listing, Running};
    let open: &[State] = &[Listing, Dispatching, Running];
    let now = at(5);
    vec![
        (Transition::Seal { sealed: sealed(7), now }, &[Listing]),
        (Transition::Dispatched { upto: 1, now }, &[Dispatching]),
        (Transition::Run { now }, &[Dispatching]),
        (Transition::Lease { lease: lease("one", 10), now }, &[Running, Finalizing]),
        (
            Transition::Freeze {
                token: "one".to_owned(),
                frozen: Frozen { finished_at: now, receipt: String::new() },
            },
            &[Finalizing],
        ),
        (
            Transition::Complete {
                token: "one".to_owned(),
                counts: Counts::default(),
                report: String::new(),
            },
            &[Finalizing],
        ),
        (Transition::Fail { reason: String::new() }, &[Listing, Dispatching]),
        (Transition::Cancel, open),
        (Transition::Pause { paused: Paused { by: "w".to_owned(), at: now }, renewals: 0 }, open),
        (Transition::Unpause { now }, open),
        (Transition::Progress { now, not_since: now }, &[Listing, Dispatching, Running, Finalizing]),
        (Transition::Sweep { now, not_since: now }, &[Listing, Dispatching, Running, Finalizing, Deleting]),
        (Transition::Delete { request: String::new(), now }, &[Complete, Failed, Cancelled]),
        (Transition::Deleted { now }, &[Deleting]),
    ]
}

#[test]
fn each_transition_is_allowed_in_its_states_only() {
    for (transition, states) in allowed() {
        for &state in State::VARIANTS {
            let mut session = Session { lease: Some(lease("one", 10)), ..session(state) };
            let before = session.clone();
            let applied = session.apply(&transition).is_ok();
            assert_eq!(applied, states.contains(&state), "{transition:?} in {state:?}");
            assert!(applied || session == before, "a refused transition changes nothing");
        }
    }
}

#[test]
fn the_states_on_the_way() {
    let mut session = session(State::Listing);
    session.apply(&Transition::Seal { sealed: sealed(7), now: at(3) }).expect("the session is listing");
    assert_eq!((session.state, session.progress_at), (State::Dispatching, at(3)));
    assert_eq!((session.began_at(), session.sealed.as_ref().map(|sealed| sealed.total)), (at(3), Some(7)));
    session.apply(&Transition::Dispatched { upto: 5, now: at(4) }).expect("the session is dispatching");
    session.apply(&Transition::Dispatched { upto: 2, now: at(5) }).expect("the session is dispatching");
    assert_eq!((session.dispatched, session.progress_at), (5, at(5)), "the cursor never falls");
    session.apply(&Transition::Run { now: at(6) }).expect("the session is dispatching");
    assert_eq!((session.state, session.progress_at), (State::Running, at(6)));
    session
        .apply(&Transition::Lease { lease: lease("one", 10), now: at(7) })
        .expect("the session is running");
    assert_eq!((session.state, session.took()), (State::Finalizing, TimeDelta::zero()));
    for finished in [8, 9] {
        let frozen = Frozen { finished_at: at(finished), receipt: String::new() };
        session
            .apply(&Transition::Freeze { token: "one".to_owned(), frozen })
            .expect("the finisher holds the lease");
    }
    assert_eq!(
        session.took(),
        TimeDelta::seconds(5),
        "the time is measured from the seal to the first stored end"
    );
    let counts = Counts { processed: 7, failed: 1, matches: 2 };
    let complete = Transition::Complete { token: "one".to_owned(), counts, report: "key".to_owned() };
    session.apply(&complete).expect("the finisher holds the lease");
    assert_eq!(
        (session.state, session.counts, session.report.as_deref()),
        (State::Complete, counts, Some("key"))
    );
    session
        .apply(&Transition::Delete { request: "left".to_owned(), now: at(20) })
        .expect("the session is complete");
    assert_eq!(
        (session.state, session.progress_at, session.report.as_ref()),
        (State::Deleting, at(20), None)
    );
    assert_eq!((session.request.as_str(), session.sealed.map(|sealed| sealed.total)), ("left", Some(7)));
}

#[test]
fn a_lease_passes_on_when_it_has_ended() {
    let take = |token: &str, now| Transition::Lease { lease: lease(token, 30), now: at(now) };
    assert_eq!(finalizing().apply(&take("two", 9)), Err(TransitionRefused));
    assert_eq!(finalizing().apply(&take("two", 10)), Ok(()), "a lease ends at its last moment");
    assert_eq!(finalizing().apply(&take("one", 9)), Ok(()), "the holder may extend its lease");
    let complete =
        Transition::Complete { token: "two".to_owned(), counts: Counts::default(), report: String::new() };
    assert_eq!(
        finalizing().apply(&complete),
        Err(TransitionRefused),
        "only the holder of the lease may complete"
    );
    assert_eq!(Session { lease: None, ..finalizing() }.apply(&take("two", 90)), Err(TransitionRefused));
}

#[test]
fn a_pause_is_of_the_token_that_was_read() {
    let mut session = session(State::Running);
    let pause =
        |by: &str, renewals| Transition::Pause { paused: Paused { by: by.to_owned(), at: at(1) }, renewals };
    assert!(!session.is_paused());
    assert_eq!(session.apply(&pause("a", 1)), Err(TransitionRefused));
    session.apply(&pause("a", 0)).expect("the session uses this token");
    assert_eq!(session.apply(&pause("b", 0)), Err(TransitionRefused), "the session is paused already");
    assert!(session.is_paused());
    assert!(!Session { state: State::Finalizing, ..session.clone() }.is_paused());
    session.apply(&Transition::Unpause { now: at(2) }).expect("the session can be unpaused");
    session.apply(&Transition::Unpause { now: at(3) }).expect("the session can be unpaused");
    assert_eq!((session.renewals, session.paused.as_ref(), session.progress_at), (2, None, at(3)));
    assert_eq!(
        session.apply(&pause("a", 0)),
        Err(TransitionRefused),
        "a token that was replaced cannot pause the session"
    );
    session.apply(&pause("a", 2)).expect("the session uses this token");
}

#[test]
fn progress_and_sweeps_are_claimed_once() {
    let mut session = Session { progress_at: at(5), swept_at: Some(at(5)), ..session(State::Running) };
    for not_since in [at(4), at(5)] {
        assert_eq!(session.apply(&Transition::Progress { now: at(9), not_since }), Err(TransitionRefused));
        assert_eq!(session.apply(&Transition::Sweep { now: at(9), not_since }), Err(TransitionRefused));
    }
    for (claim, expected) in [(at(9), Ok(())), (at(9), Err(TransitionRefused))] {
        assert_eq!(session.apply(&Transition::Progress { now: claim, not_since: at(6) }), expected);
        assert_eq!(session.apply(&Transition::Sweep { now: claim, not_since: at(6) }), expected);
    }
    assert_eq!((session.progress_at, session.swept_at), (at(9), Some(at(9))));
    assert_eq!(
        Session { swept_at: None, ..session }.apply(&Transition::Sweep { now: at(1), not_since: at(0) }),
        Ok(())
    );
}

#[test]
fn chunks_hold_all_indices_once() {
    let sealed = sealed(250);
    assert_eq!(sealed.chunks(), 3);
    assert_eq!([0, 1, 2].map(|chunk| sealed.indices(chunk)), [0..100, 100..200, 200..250]);
    assert_eq!([0, 99, 100, 249].map(|index| sealed.chunk_of(index)), [0, 0, 1, 2]);
    assert_eq!(sealed.chunks_without(&[1].into()).collect::<Vec<_>>(), [0, 2]);
    let mut session = session(State::Running);
    for chunk in 0..3 {
        assert!(!session.is_full());
        session.chunks_done.insert(chunk);
    }
    assert!(session.is_full());
    assert!(!Session { sealed: None, ..session }.is_full());
}

#[test]
fn an_id_is_shown_as_it_is() {
    let id = SessionId("0123".to_owned());
    assert_eq!((id.to_string().as_str(), id.as_ref()), ("0123", "0123"));
}
