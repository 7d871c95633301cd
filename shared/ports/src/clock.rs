//! Time and chance, as parameters, so that every flow can be simulated.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The time of day. Readings may be equal, and on several machines they differ by seconds.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// When an invocation is ended by its platform, if it ever is.
#[derive(Debug, Clone, Default)]
pub struct Deadline(Option<(Arc<dyn Clock>, DateTime<Utc>)>);

impl Deadline {
    /// Of a platform that lets an invocation run for as long as it takes.
    pub fn none() -> Self {
        Self::default()
    }

    pub fn new(clock: Arc<dyn Clock>, at: DateTime<Utc>) -> Self {
        Self(Some((clock, at)))
    }

    /// Whether work that may take so long can still be done. What cannot is better not begun.
    pub fn leaves(&self, time: Duration) -> bool {
        self.0.as_ref().is_none_or(|(clock, at)| (*at - clock.now()).to_std().is_ok_and(|left| left >= time))
    }
}

/// Makes identifiers nobody can guess.
pub trait Ids: Debug + Send + Sync {
    /// 128 random bits as 32 lower-case hexadecimal digits.
    fn fresh(&self) -> String;
}
