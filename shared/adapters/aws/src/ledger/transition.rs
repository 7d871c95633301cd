//! Transitions as conditional updates. Each expresses [`riffle_ports::Session::apply`] as update expressions; the
//! contract suite compares both.

use chrono::{DateTime, Utc};
use riffle_ports::{Session, State, Transition};

use super::session_item::{
    ATTEMPT, CHUNK_SIZE, DIGEST, DISPATCHED, FAILED, FINISHED_AT, LEASE_TOKEN, LEASE_UNTIL, MATCHES,
    OPEN_SHARD, PAUSED_AT, PAUSED_BY, PROCESSED, PROGRESS_AT, REASON, RECEIPT, RENEWALS, REPORT, REQUEST,
    SHARD, STARTED_AT, STATE, SWEPT_AT, TOTAL, forgotten, open_states, state,
};
use crate::change::ItemChange;
use crate::item::{number, text, time};
use crate::table::EXPIRES_AT;

/// The states in which files are still to be read.
const READING: [State; 3] = [State::Listing, State::Dispatching, State::Running];

pub(super) fn change(transition: &Transition) -> ItemChange {
    let mut change = ItemChange::default();
    match transition {
        Transition::Seal { sealed, now } => {
            in_state(&mut change, [State::Listing]);
            change.set(ATTEMPT, text(sealed.attempt.as_str()));
            change.set(DIGEST, text(sealed.digest.as_str()));
            change.set(TOTAL, number(sealed.total));
            change.set(CHUNK_SIZE, number(sealed.chunk_size));
            change.set(STARTED_AT, time(*now));
            change.set(PROGRESS_AT, time(*now));
            change.set(STATE, state(State::Dispatching));
        }
        Transition::Dispatched { upto, now } => {
            in_state(&mut change, [State::Dispatching]);
            change.require_that(DISPATCHED, "<", number(upto));
            change.set(DISPATCHED, number(upto));
            change.set(PROGRESS_AT, time(*now));
        }
        Transition::Run { now } => {
            in_state(&mut change, [State::Dispatching]);
            change.set(PROGRESS_AT, time(*now));
            change.set(STATE, state(State::Running));
        }
        Transition::Lease { lease, now } => {
            let running = change.compare(STATE, "=", state(State::Running));
            let finalizing = change.compare(STATE, "=", state(State::Finalizing));
            let run_out = change.compare(LEASE_UNTIL, "<=", time(*now));
            let own = change.compare(LEASE_TOKEN, "=", text(lease.token.as_str()));
            change.require(format!("{running} OR ({finalizing} AND ({run_out} OR {own}))"));
            change.set(LEASE_TOKEN, text(lease.token.as_str()));
            change.set(LEASE_UNTIL, time(lease.until));
            change.set(STATE, state(State::Finalizing));
        }
        Transition::Freeze { token, frozen } => {
            holds(&mut change, token);
            change.set_once(FINISHED_AT, time(frozen.finished_at));
            change.set_once(RECEIPT, text(frozen.receipt.as_str()));
        }
        Transition::Complete { token, counts, report } => {
            holds(&mut change, token);
            change.set(PROCESSED, number(counts.processed));
            change.set(FAILED, number(counts.failed));
            change.set(MATCHES, number(counts.matches));
            change.set(REPORT, text(report.as_str()));
            ends(&mut change, State::Complete);
        }
        Transition::Fail { reason } => {
            in_state(&mut change, [State::Listing, State::Dispatching]);
            change.set(REASON, text(reason.as_str()));
            ends(&mut change, State::Failed);
        }
        Transition::Cancel => {
            in_state(&mut change, READING);
            ends(&mut change, State::Cancelled);
        }
        Transition::Pause { paused, renewals } => {
            in_state(&mut change, READING);
            let running = change.is_absent(PAUSED_BY);
            change.require(running);
            let same = match renewals {
                0 => change.is_absent(RENEWALS),
                renewals => change.compare(RENEWALS, "=", number(renewals)),
            };
            change.require(same);
            change.set(PAUSED_BY, text(paused.by.as_str()));
            change.set(PAUSED_AT, time(paused.at));
        }
        Transition::Unpause { now } => {
            in_state(&mut change, READING);
            change.remove(PAUSED_BY);
            change.remove(PAUSED_AT);
            change.add(RENEWALS, number(1));
            change.set(PROGRESS_AT, time(*now));
        }
        Transition::Progress { now, not_since } => {
            not_terminal(&mut change);
            change.require_that(PROGRESS_AT, "<", time(*not_since));
            change.set(PROGRESS_AT, time(*now));
        }
        Transition::Sweep { now, not_since } => {
            in_open_list(&mut change);
            not_swept(&mut change, *not_since);
            change.set(SWEPT_AT, time(*now));
        }
        Transition::Delete { request, now } => {
            change.set(REQUEST, text(request.as_str()));
            change.set(PROGRESS_AT, time(*now));
            forgets(&mut change);
        }
        Transition::Deleted { now } => {
            in_state(&mut change, [State::Deleting]);
            change.set(PROGRESS_AT, time(*now));
            change.set(EXPIRES_AT, number((*now + Session::REMEMBERED).timestamp()));
            ends(&mut change, State::Deleted);
        }
    }
    change
}

/// Returns [`Transition::Dispatched`] where the cursor has passed `upto`.
pub(super) fn dispatched_further(upto: u32, now: DateTime<Utc>) -> ItemChange {
    let mut change = ItemChange::default();
    in_state(&mut change, [State::Dispatching]);
    change.require_that(DISPATCHED, ">=", number(upto));
    change.set(PROGRESS_AT, time(now));
    change
}

fn in_state(change: &mut ItemChange, states: impl IntoIterator<Item = State>) {
    let condition = change.is_one_of(STATE, states.into_iter().map(state));
    change.require(condition);
}

/// Lists the open states: "not in a terminal state" would also hold of a missing session, and create it.
fn not_terminal(change: &mut ItemChange) {
    let condition = change.is_one_of(STATE, open_states());
    change.require(condition);
}

/// Requires a state in which the sweep checks the session.
fn in_open_list(change: &mut ItemChange) {
    let condition = change.is_one_of(STATE, open_states().chain([state(State::Deleting)]));
    change.require(condition);
}

fn not_swept(change: &mut ItemChange, since: DateTime<Utc>) {
    let never = change.is_absent(SWEPT_AT);
    let before = change.compare(SWEPT_AT, "<", time(since));
    change.require(format!("{never} OR {before}"));
}

fn holds(change: &mut ItemChange, token: &str) {
    in_state(change, [State::Finalizing]);
    change.require_that(LEASE_TOKEN, "=", text(token));
}

/// A session being deleted is open again, and keeps no trace of its work.
fn forgets(change: &mut ItemChange) {
    in_state(change, [State::Complete, State::Failed, State::Cancelled]);
    change.set(STATE, state(State::Deleting));
    change.set(OPEN_SHARD, text(SHARD));
    change.set(DISPATCHED, number(0));
    for name in forgotten() {
        change.remove(name);
    }
}

/// A terminal state leaves the index of open sessions.
fn ends(change: &mut ItemChange, end: State) {
    change.set(STATE, state(end));
    change.remove(OPEN_SHARD);
}
