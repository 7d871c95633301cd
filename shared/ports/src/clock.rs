//! Time and chance, as parameters, so that every flow can be simulated.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

/// The time of day. Readings may be equal, and on several machines they differ by seconds.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// Makes identifiers nobody can guess.
pub trait Ids: Debug + Send + Sync {
    /// 128 random bits as 32 lower-case hexadecimal digits.
    fn fresh(&self) -> String;
}
