//! Random sequences of transitions, applied to the ledger and to a model, [`Session::apply`] itself.

use std::collections::BTreeSet;

use riffle_ports::{
    Counts, Frozen, Ids, Lease, Paused, ScanLedger, Sealed, Session, State, Transition, TransitionResult,
    Usage,
};

use super::ledger_sessions::assert_listed;
use super::{at, new_session, ok, set};
use crate::simulator::Rng;

const WALKS: u64 = 60;
const STEPS: usize = 50;

/// The names of the transitions, for the check at the end that each of them occurred.
const KINDS: [&str; 14] = [
    "seal",
    "dispatched",
    "run",
    "lease",
    "freeze",
    "complete",
    "fail",
    "cancel",
    "progress",
    "sweep",
    "pause",
    "unpause",
    "delete",
    "deleted",
];

/// Proves that after each step the answer and the stored session equal the model's.
pub(super) async fn every_transition(ledger: &dyn ScanLedger, ids: &dyn Ids) {
    let mut seen = BTreeSet::new();
    for seed in 0..WALKS {
        let mut rng = Rng::new(seed);
        let mut model = new_session(ids);
        ok(ledger.create(model.clone()).await, "create");
        for step in 0..STEPS {
            let before = model.clone();
            let place = format!("walk {seed}, step {step}, in {:?}", before.state);
            if roll(&mut rng, 8) == 0 {
                add_progress(ledger, &mut model, &mut rng, &place).await;
                continue;
            }
            let (kind, transition) = any_transition(&mut rng);
            let applied = model.apply(&transition).is_ok();
            let expected = if applied {
                TransitionResult::Applied(model.clone())
            } else {
                TransitionResult::Refused(before)
            };
            let outcome = ok(ledger.transition(&model.id, transition.clone()).await, "transition");
            assert_eq!(outcome, expected, "{place}: {transition:?}");
            seen.insert((kind, applied));
            seen.insert((end_of(model.state), true));
        }
        assert_eq!(
            ok(ledger.session(&model.id).await, "session"),
            Some(model.clone()),
            "walk {seed}: the final stored session"
        );
        let open = model.state.is_open();
        let what = "a session is open if it has not ended or is being deleted";
        assert_listed(ledger, &[&model.id], open, what).await;
        let delete = Transition::Delete { request: String::new(), now: at(0) };
        for end in [Transition::Cancel, delete, Transition::Deleted { now: at(0) }] {
            ok(ledger.transition(&model.id, end).await, "transition");
        }
    }
    for kind in KINDS {
        for applied in [true, false] {
            assert!(
                seen.contains(&(kind, applied)),
                "no walk had the transition {kind} with applied = {applied}"
            );
        }
    }
    for state in [State::Complete, State::Failed, State::Cancelled, State::Deleting, State::Deleted] {
        assert!(seen.contains(&(end_of(state), true)), "no walk reached {state:?}");
    }
}

fn end_of(state: State) -> &'static str {
    match state {
        State::Complete => "ends complete",
        State::Failed => "ends failed",
        State::Cancelled => "ends cancelled",
        State::Deleting => "ends half deleted",
        State::Deleted => "ends deleted",
        _ => "ends open",
    }
}

async fn add_progress(ledger: &dyn ScanLedger, model: &mut Session, rng: &mut Rng, place: &str) {
    let full = set((0..roll(rng, 3)).map(|_| u32::try_from(roll(rng, 1_000)).unwrap_or_default()));
    let counts = Counts { processed: roll(rng, 11), failed: roll(rng, 3), matches: roll(rng, 1_000) };
    let usage = any_usage(rng);
    if !model.state.is_terminal() {
        model.usage += usage;
        model.chunks_done.extend(&full);
        model.counts.processed += counts.processed;
        model.counts.failed += counts.failed;
        model.counts.matches += counts.matches;
    }
    let after = ok(ledger.add_progress(&model.id, &full, counts, usage).await, "add_progress");
    assert_eq!(after.as_ref(), Some(&*model), "{place}: add_progress");
}

fn any_usage(rng: &mut Rng) -> Usage {
    let mut some = || roll(rng, 5) * roll(rng, 1 << 20);
    Usage {
        invocations: some(),
        megabyte_milliseconds: some(),
        queue_requests: some(),
        table_write_units: some(),
        table_read_half_units: some(),
        object_writes: some(),
        object_reads: some(),
        socket_messages: some(),
        key_requests: some(),
        ocr_pages: some(),
    }
}

/// Draws tokens and times from few values, so that conditions hold about as often as not. Transitions that end open
/// states are rare, so that walks get far.
fn any_transition(rng: &mut Rng) -> (&'static str, Transition) {
    let number = roll(rng, 50);
    let kind = match roll(rng, 74) {
        0..=7 => 0,
        8..=13 => 1,
        14..=23 => 2,
        24..=33 => 3,
        34..=39 => 4,
        40..=45 => 5,
        46 => 6,
        47 => 7,
        48..=53 => 8,
        54..=59 => 9,
        60..=66 => 10,
        67..=69 => 11,
        70..=72 => 12,
        _ => 13,
    };
    let token = format!("token {}", roll(rng, 2));
    let now = time(rng);
    let transition = match kind {
        0 => Transition::Seal {
            sealed: Sealed {
                attempt: format!("attempt {number}"),
                digest: format!("{number:064x}"),
                total: u32::try_from(number * 37).unwrap_or_default(),
                chunk_size: 100,
            },
            now,
        },
        1 => Transition::Dispatched { upto: u32::try_from(number * 10).unwrap_or_default(), now },
        2 => Transition::Run { now },
        3 => Transition::Lease { lease: Lease { token, until: time(rng) }, now },
        4 => Transition::Freeze {
            token,
            frozen: Frozen { finished_at: now, receipt: format!("{{\"cost\":{number}}}") },
        },
        5 => Transition::Complete {
            token,
            counts: Counts { processed: number, failed: number / 2, matches: number * 3 },
            report: format!("reports/{number}.xlsx"),
        },
        6 => Transition::Fail { reason: format!("reason {number}") },
        7 => Transition::Cancel,
        8 => Transition::Progress { now, not_since: time(rng) },
        9 => Transition::Sweep { now, not_since: time(rng) },
        10 => Transition::Pause {
            paused: Paused { by: token, at: now },
            renewals: u32::try_from(roll(rng, 3)).unwrap_or_default(),
        },
        11 => Transition::Unpause { now },
        12 => Transition::Delete { request: format!("left of {number}"), now },
        _ => Transition::Deleted { now },
    };
    (KINDS[kind], transition)
}

/// Draws a time. Some are a millisecond apart, some seconds, some equal, with and without a fraction.
fn time(rng: &mut Rng) -> chrono::DateTime<chrono::Utc> {
    let seconds = i64::try_from(roll(rng, 12)).unwrap_or_default();
    let milliseconds = [0, 0, 1, 500, 999][usize::try_from(roll(rng, 5)).unwrap_or_default()];
    at(seconds * 1_000 + milliseconds)
}

fn roll(rng: &mut Rng, sides: u64) -> u64 {
    rng.next() % sides
}
