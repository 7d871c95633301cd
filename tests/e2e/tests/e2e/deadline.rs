//! Waiting for a condition, never for a time.

use std::time::{Duration, Instant};

/// Far more than anything here takes, on a machine with other work too.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
const PAUSE: Duration = Duration::from_millis(10);

#[expect(clippy::disallowed_methods, reason = "a test waits by the machine's own clock, there is no other")]
fn now() -> Instant {
    Instant::now()
}

/// What `look` gives as soon as it gives something.
///
/// # Panics
/// When it never does.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(now() < end, "waited in vain: {what}");
        std::thread::sleep(PAUSE);
    }
}
