//! The wait before a call is retried.

use std::time::Duration;

/// Exponential backoff with jitter.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// The longest possible first wait.
    pub first: Duration,
    /// Maximum tries, including the first.
    pub tries: u32,
}

/// At most about 16 s of waiting in total: several files of one invocation must fit into two minutes.
impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(500), tries: 6 }
    }
}

impl Backoff {
    /// Returns the wait after the `nth` try, counted from 0; `None` if no tries are left. `asked` is the wait that the
    /// server requested.
    pub fn after(&self, nth: u32, asked: Option<Duration>) -> Option<Duration> {
        if nth + 1 >= self.tries {
            return None;
        }
        let most = self.first * (1 << nth.min(16));
        // At least half of it, so that no caller retries at once. All of it if no random number is available.
        let share = getrandom::u32().map_or(1.0, |drawn| f64::from(drawn) / f64::from(u32::MAX));
        let wait = most.mul_f64(0.5 + share / 2.0);
        // If the server requests a longer wait than all of these together, leave the retry to the queue.
        let longest = self.first * (1 << self.tries.min(16));
        match asked {
            Some(asked) if asked > longest => None,
            Some(asked) => Some(wait.max(asked)),
            None => Some(wait),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let backoff = Backoff::default();
        let waits: Vec<Duration> = (0..).map_while(|nth| backoff.after(nth, None)).collect();
        assert_eq!(waits.len(), 5);
        for (nth, wait) in (0..).zip(&waits) {
            let most = backoff.first * (1 << nth);
            assert!(*wait >= most / 2 && *wait <= most, "wait {nth} is {wait:?}");
        }
        assert!(waits.iter().sum::<Duration>() <= Duration::from_secs(16));
        assert!(backoff.after(0, Some(Duration::from_secs(3))) >= Some(Duration::from_secs(3)));
        assert_eq!(backoff.after(0, Some(Duration::from_hours(1))), None);
    }
}
