//! The clock and random ids of the machine.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use riffle_ports::{Clock, Ids};

/// The machine's clock. It jumps if the clock is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the only place that reads the clock")]
    fn now(&self) -> DateTime<Utc> {
        SystemTime::now().into()
    }
}

/// Identifiers from the system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    /// # Panics
    /// If the system has no random source. The platform cannot run on such a system.
    fn fresh(&self) -> String {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).expect("the system provides random bytes");
        format!("{:032x}", u128::from_be_bytes(bits))
    }
}
