//! Waiting for a condition instead of a fixed time.

use std::time::{Duration, Instant};

/// Far longer than any wait here takes, even on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The pause between two checks of a condition.
const PAUSE: Duration = Duration::from_millis(10);

#[expect(clippy::disallowed_methods, reason = "a test has no other clock than the machine's")]
fn now() -> Instant {
    Instant::now()
}

/// Calls `look` until it returns a value, and returns that.
///
/// # Panics
/// If it returns none within [`PATIENCE`].
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(now() < end, "timed out: {what}");
        std::thread::sleep(PAUSE);
    }
}
