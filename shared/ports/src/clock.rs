//! Time and randomness as parameters, so that every flow can be simulated.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The current time. Two readings may be equal, and readings on different machines differ by seconds.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The time at which the platform ends an invocation, if it ever does.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Option<(Arc<dyn Clock>, DateTime<Utc>)>);

impl Deadline {
    /// Returns the deadline of a platform that does not limit invocations.
    pub fn none() -> Self {
        Self::default()
    }

    pub fn new(clock: Arc<dyn Clock>, at: DateTime<Utc>) -> Self {
        Self(Some((clock, at)))
    }

    /// Returns whether at least `time` is left. A caller should not begin work that may take longer than that.
    pub fn leaves(&self, time: Duration) -> bool {
        self.0.as_ref().is_none_or(|(clock, at)| (*at - clock.now()).to_std().is_ok_and(|left| left >= time))
    }
}

/// A generator of unguessable ids.
pub trait Ids: Debug + Send + Sync {
    /// Returns 128 random bits as 32 lower-case hexadecimal digits.
    fn fresh(&self) -> String;
}
