//! So many pages a second and no more: what an account may ask of Textract is counted for all its processes
//! together, and one process must not take it all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The pace of one process. Whoever comes too early waits for a turn; turns are given in the order in which they are
/// asked for, evenly spaced, and none is saved up. Another try of a throttled page has no turn of its own.
#[derive(Debug)]
pub struct Pace {
    apart: Duration,
    /// When the next turn is.
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// `None` where `pages` is no number above 0, or so near to 0 that nobody would ever come to a second turn.
    pub fn per_second(pages: f64) -> Option<Self> {
        let apart = (pages > 0.0 && pages.is_finite()).then(|| Duration::try_from_secs_f64(pages.recip()))?;
        Some(Self { apart: apart.ok()?, next: Mutex::new(None) })
    }

    /// Waits until it is one's turn.
    pub(crate) async fn turn(&self) {
        let turn = {
            // Nothing under the lock can panic half-way, so what a poisoned lock guards is whole.
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            let turn = next.map_or(now, |next| next.max(now));
            *next = turn.checked_add(self.apart);
            turn
        };
        sleep_until(turn).await;
    }
}
