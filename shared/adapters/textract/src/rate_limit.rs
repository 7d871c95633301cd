//! A limit of pages per second: Textract's quota of an account is shared by all its processes, and one process must not
//! use all of it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The rate limit of one process. Callers wait for their turns, which are given in the order of the calls, evenly
/// spaced; unused turns are not saved up. A retry of a throttled page takes no turn of its own.
#[derive(Debug)]
pub struct Pace {
    apart: Duration,
    /// The time of the next turn.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `None` if `pages` is not a finite number above 0, or is so close to 0 that the interval cannot be represented.
    pub fn per_second(pages: f64) -> Option<Self> {
        let apart = (pages > 0.0 && pages.is_finite()).then(|| Duration::try_from_secs_f64(pages.recip()))?;
        Some(Self { apart: apart.ok()?, next: Mutex::new(None) })
    }

    /// Waits for this caller's turn.
    pub(crate) async fn turn(&self) {
        let turn = {
            // No code that holds the lock can panic half-way, so the value behind a poisoned lock is consistent.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = turn.checked_add(self.apart);
            turn
        };
        sleep_until(turn).await;
    }
}
