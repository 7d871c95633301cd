//! A scan session as the ledger stores it, and the only ways in which it may change.
//!
//! [`Session::apply`] is the only place that defines which transition is allowed when. Adapters that hold a lock or a
//! transaction call it. An adapter that uses conditional updates must behave the same, and the contract suite compares
//! the two.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::Usage;

#[cfg(test)]
mod tests;

/// The id of a session: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub String);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for SessionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// The state of a session. LISTING → DISPATCHING → RUNNING → FINALIZING → COMPLETE; and DELETING → DELETED, once it has
/// ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    Listing,
    Dispatching,
    Running,
    Finalizing,
    Complete,
    Failed,
    Cancelled,
    /// Hidden from its users, while its data is being removed.
    Deleting,
    /// Everything is removed except the fact that it existed.
    Deleted,
}

impl State {
    /// Whether the session has ended. A terminal state changes only by a deletion.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled | Self::Deleting | Self::Deleted)
    }

    /// Whether the session no longer exists for its users.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Deleting | Self::Deleted)
    }

    /// Whether the sweep has to look at it: it has not ended, or not all of its data is removed.
    pub fn is_open(self) -> bool {
        !self.is_terminal() || self == Self::Deleting
    }
}

/// The result of the one listing that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The attempt whose manifest parts form the manifest.
    pub attempt: String,
    /// SHA-256 over the manifest parts in order, hexadecimal.
    pub digest: String,
    /// Files in the manifest; their indices are `0..total`.
    pub total: u32,
    /// Indices in one chunk.
    pub chunk_size: u32,
}

impl Sealed {
    pub fn chunks(&self) -> u32 {
        self.total.div_ceil(self.chunk_size)
    }

    /// Returns the chunks that are not among `done`, in order.
    pub fn chunks_without(&self, done: &BTreeSet<u32>) -> impl Iterator<Item = u32> {
        (0..self.chunks()).filter(|chunk| !done.contains(chunk))
    }

    pub fn chunk_of(&self, index: u32) -> u32 {
        index / self.chunk_size
    }

    /// Returns the indices of one chunk; the last chunk may be shorter.
    pub fn indices(&self, chunk: u32) -> std::ops::Range<u32> {
        let first = chunk * self.chunk_size;
        first..self.total.min(first + self.chunk_size)
    }
}

/// The counts shown while a scan runs. No decision depends on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Files with a result, failed ones included.
    pub processed: u64,
    pub failed: u64,
    pub matches: u64,
}

/// The exclusive right to finish a session, or to work on a record, until a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub token: String,
    pub until: DateTime<Utc>,
}

/// The report's statements of time and cost, fixed before the report is built so that each attempt to build it yields
/// the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    pub finished_at: DateTime<Utc>,
    /// JSON that only the flow reads.
    pub receipt: String,
}

/// A session's wait for a new access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// The id of the call that paused it. A caller that finds its own id here has paused it, even if the response was
    /// lost.
    pub by: String,
    pub at: DateTime<Utc>,
}

/// A scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub tenant: String,
    /// The request: JSON that only the flow reads. Never changes except by [`Transition::Delete`].
    pub request: String,
    pub state: State,
    pub created_at: DateTime<Utc>,
    /// After this time, files without a result count as failed.
    pub deadline: DateTime<Utc>,
    pub sealed: Option<Sealed>,
    pub started_at: Option<DateTime<Utc>>,
    /// Indices below this one have been sent to the queue at least once.
    pub dispatched: u32,
    /// Chunks whose indices all have a result. Decides completion.
    pub chunks_done: BTreeSet<u32>,
    pub counts: Counts,
    /// The usage caused by the session so far.
    #[serde(default)]
    pub usage: Usage,
    /// When the session last made progress.
    pub progress_at: DateTime<Utc>,
    /// When a sweep last sent work again.
    pub swept_at: Option<DateTime<Utc>>,
    /// Set while the session waits for a new token. Has no meaning from FINALIZING on.
    pub paused: Option<Paused>,
    /// How often the session was given a new token.
    #[serde(default)]
    pub renewals: u32,
    pub lease: Option<Lease>,
    pub frozen: Option<Frozen>,
    /// Key of the published report.
    pub report: Option<String>,
    /// Why the session is FAILED, for its owner.
    pub reason: Option<String>,
}

/// A change of a session. Each variant names the states it may start from; from any other it is [`TransitionRefused`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    /// LISTING → DISPATCHING.
    Seal { sealed: Sealed, now: DateTime<Utc> },
    /// In DISPATCHING: the cursor rises to `upto`; it never falls.
    Dispatched { upto: u32, now: DateTime<Utc> },
    /// DISPATCHING → RUNNING.
    Run { now: DateTime<Utc> },
    /// RUNNING → FINALIZING; or in FINALIZING, if the lease has ended or has the same token.
    Lease { lease: Lease, now: DateTime<Utc> },
    /// In FINALIZING, with the token of the lease. A frozen value that is already stored stays.
    Freeze { token: String, frozen: Frozen },
    /// FINALIZING → COMPLETE, with the token of the lease. Overwrites the counts.
    Complete { token: String, counts: Counts, report: String },
    /// LISTING or DISPATCHING → FAILED.
    Fail { reason: String },
    /// Any state before FINALIZING → CANCELLED.
    Cancel,
    /// LISTING, DISPATCHING or RUNNING, not paused, and given no new token since `renewals` was read: the session waits
    /// for a new token. The last condition keeps a token that has been replaced meanwhile from pausing the session.
    Pause { paused: Paused, renewals: u32 },
    /// LISTING, DISPATCHING or RUNNING, paused or not: the session has a new token. Counts it.
    Unpause { now: DateTime<Utc> },
    /// Not terminal: claims the next progress frame, if the last progress was before `not_since`.
    Progress { now: DateTime<Utc>, not_since: DateTime<Utc> },
    /// Not terminal, or DELETING: claims one sweep, if the last one was before `not_since`.
    Sweep { now: DateTime<Utc>, not_since: DateTime<Utc> },
    /// COMPLETE, FAILED or CANCELLED → DELETING. Removes what the session stores of its files, results and usage, and
    /// replaces the request with `request`. Sets `progress_at` to the time of the deletion.
    Delete { request: String, now: DateTime<Utc> },
    /// DELETING → DELETED. From [`Session::REMEMBERED`] after `now`, the ledger may remove the session altogether.
    Deleted { now: DateTime<Utc> },
}

/// The transition's condition did not hold; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionRefused;

impl Session {
    /// The shortest time for which the ledger keeps a deleted session. Longer than a message or a schedule's retry may
    /// be late, so that none of them recreates the session.
    pub const REMEMBERED: TimeDelta = TimeDelta::days(15);

    /// Creates a session in LISTING.
    pub fn new(
        id: SessionId,
        tenant: String,
        request: String,
        created_at: DateTime<Utc>,
        deadline: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            tenant,
            request,
            state: State::Listing,
            created_at,
            deadline,
            sealed: None,
            started_at: None,
            dispatched: 0,
            chunks_done: BTreeSet::new(),
            counts: Counts::default(),
            usage: Usage::default(),
            progress_at: created_at,
            swept_at: None,
            paused: None,
            renewals: 0,
            lease: None,
            frozen: None,
            report: None,
            reason: None,
        }
    }

    /// Returns when reading began, or when the session was created if it has not begun.
    pub fn began_at(&self) -> DateTime<Utc> {
        self.started_at.unwrap_or(self.created_at)
    }

    /// Returns the time until the report was built; zero before that.
    pub fn took(&self) -> TimeDelta {
        self.frozen.as_ref().map_or(TimeDelta::zero(), |frozen| frozen.finished_at - self.began_at())
    }

    /// Whether every chunk is full. `false` before the listing is sealed.
    pub fn is_full(&self) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| self.chunks_done.len() == sealed.chunks() as usize)
    }

    /// Whether files are still to be listed or sent to the queue.
    pub fn is_with_dispatcher(&self) -> bool {
        matches!(self.state, State::Listing | State::Dispatching)
    }

    /// Whether files are still to be read.
    pub fn reads(&self) -> bool {
        self.is_with_dispatcher() || self.state == State::Running
    }

    /// Whether the session waits for a new token.
    pub fn is_paused(&self) -> bool {
        self.reads() && self.paused.is_some()
    }

    /// Applies `transition` if its condition holds.
    pub fn apply(&mut self, transition: &Transition) -> Result<(), TransitionRefused> {
        match transition {
            Transition::Seal { sealed, now } => {
                require(self.state == State::Listing)?;
                self.sealed = Some(sealed.clone());
                self.started_at = Some(*now);
                self.progress_at = *now;
                self.state = State::Dispatching;
            }
            Transition::Dispatched { upto, now } => {
                require(self.state == State::Dispatching)?;
                self.dispatched = self.dispatched.max(*upto);
                self.progress_at = *now;
            }
            Transition::Run { now } => {
                require(self.state == State::Dispatching)?;
                self.progress_at = *now;
                self.state = State::Running;
            }
            Transition::Lease { lease, now } => {
                let free = match (&self.state, &self.lease) {
                    (State::Running, _) => true,
                    (State::Finalizing, Some(held)) => held.until <= *now || held.token == lease.token,
                    _ => false,
                };
                require(free)?;
                self.lease = Some(lease.clone());
                self.state = State::Finalizing;
            }
            Transition::Freeze { token, frozen } => {
                require(self.holds(token))?;
                self.frozen.get_or_insert_with(|| frozen.clone());
            }
            Transition::Complete { token, counts, report } => {
                require(self.holds(token))?;
                self.counts = *counts;
                self.report = Some(report.clone());
                self.state = State::Complete;
            }
            Transition::Fail { reason } => {
                require(matches!(self.state, State::Listing | State::Dispatching))?;
                self.reason = Some(reason.clone());
                self.state = State::Failed;
            }
            Transition::Cancel => {
                require(self.reads())?;
                self.state = State::Cancelled;
            }
            Transition::Pause { paused, renewals } => {
                require(self.reads() && self.paused.is_none() && self.renewals == *renewals)?;
                self.paused = Some(paused.clone());
            }
            Transition::Unpause { now } => {
                require(self.reads())?;
                self.paused = None;
                self.renewals += 1;
                self.progress_at = *now;
            }
            Transition::Progress { now, not_since } => {
                require(!self.state.is_terminal() && self.progress_at < *not_since)?;
                self.progress_at = *now;
            }
            Transition::Sweep { now, not_since } => {
                require(self.state.is_open() && self.swept_at.is_none_or(|swept| swept < *not_since))?;
                self.swept_at = Some(*now);
            }
            Transition::Delete { request, now } => {
                require(self.state.is_terminal() && !self.state.is_gone())?;
                let left = Self::new(
                    self.id.clone(),
                    self.tenant.clone(),
                    request.clone(),
                    self.created_at,
                    self.deadline,
                );
                // Keep `sealed`: it is needed to find the manifest and the chunks to remove.
                *self =
                    Self { state: State::Deleting, sealed: self.sealed.take(), progress_at: *now, ..left };
            }
            Transition::Deleted { now } => {
                require(self.state == State::Deleting)?;
                self.progress_at = *now;
                self.state = State::Deleted;
            }
        }
        Ok(())
    }

    fn holds(&self, token: &str) -> bool {
        self.state == State::Finalizing && self.lease.as_ref().is_some_and(|lease| lease.token == token)
    }
}

fn require(condition: bool) -> Result<(), TransitionRefused> {
    if condition { Ok(()) } else { Err(TransitionRefused) }
}
