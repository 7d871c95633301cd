//! What a session costs the world: counted where the calls are made, added up with the session's counts.

use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was used, in the units clouds bill. Shown and priced, decides nothing: what a crash loses or a lost
/// response doubles stays so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Invocations of functions.
    pub invocations: u64,
    /// Time of functions times their memory: milliseconds × MB.
    pub megabyte_milliseconds: u64,
    /// Queue requests of 64 KB.
    pub queue_requests: u64,
    /// Write units of tables, indexes and failed conditions included.
    pub table_write_units: u64,
    /// Read units of tables, in halves: a read that may be stale costs half a unit.
    pub table_read_half_units: u64,
    /// Objects written and listings.
    pub object_writes: u64,
    /// Objects read or looked at.
    pub object_reads: u64,
    /// Messages to clients, of 32 KB.
    pub socket_messages: u64,
    /// Requests of keys.
    pub key_requests: u64,
    /// Pictures of pages read by OCR that is paid by the page.
    pub ocr_pages: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.invocations += other.invocations;
        self.megabyte_milliseconds += other.megabyte_milliseconds;
        self.queue_requests += other.queue_requests;
        self.table_write_units += other.table_write_units;
        self.table_read_half_units += other.table_read_half_units;
        self.object_writes += other.object_writes;
        self.object_reads += other.object_reads;
        self.socket_messages += other.socket_messages;
        self.key_requests += other.key_requests;
        self.ocr_pages += other.ocr_pages;
    }
}

/// Where the adapters of one process note what they use, until a flow takes it for its session. On one machine
/// nobody notes anything.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Reading>);

#[derive(Debug, Default)]
struct Reading {
    usage: Usage,
    running: Option<Running>,
}

/// The invocation under way.
#[derive(Debug, Clone, Copy)]
struct Running {
    megabytes: u64,
    since: DateTime<Utc>,
}

impl Meter {
    /// Notes a use.
    pub fn note(&self, usage: Usage) {
        self.with(|reading| reading.usage += usage);
    }

    /// An invocation begins, in a function of so much memory.
    pub fn begin(&self, megabytes: u64, now: DateTime<Utc>) {
        self.with(|reading| {
            reading.usage.invocations += 1;
            reading.running = Some(Running { megabytes, since: now });
        });
    }

    /// The invocation has ended. What nobody has taken yet goes to whoever takes next.
    pub fn end(&self, now: DateTime<Utc>) {
        self.with(|reading| {
            reading.tick(now);
            reading.running = None;
        });
    }

    /// What was used since the last time somebody asked, the time of the invocation under way included.
    pub fn take(&self, now: DateTime<Utc>) -> Usage {
        self.with(|reading| {
            reading.tick(now);
            std::mem::take(&mut reading.usage)
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut Reading) -> T) -> T {
        // Nothing under the lock can panic half-way, so what a poisoned lock guards is whole.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Reading {
    fn tick(&mut self, now: DateTime<Utc>) {
        if let Some(running) = &mut self.running {
            let milliseconds = (now - running.since).num_milliseconds();
            // A clock that was set back bills nothing.
            self.usage.megabyte_milliseconds += u64::try_from(milliseconds).unwrap_or(0) * running.megabytes;
            running.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn an_invocation_is_billed_once_whoever_takes_when() {
        let (meter, start) = (Meter::default(), DateTime::UNIX_EPOCH);
        let at = |milliseconds| start + TimeDelta::milliseconds(milliseconds);
        meter.begin(100, at(0));
        meter.note(Usage { object_reads: 3, ..Usage::default() });
        let mut sum = meter.take(at(40));
        assert_eq!(
            sum,
            Usage { invocations: 1, megabyte_milliseconds: 4_000, object_reads: 3, ..Usage::default() }
        );
        meter.end(at(50));
        // Between invocations nothing runs.
        meter.begin(100, at(1_000));
        meter.end(at(990));
        sum += meter.take(at(5_000));
        assert_eq!(
            sum,
            Usage { invocations: 2, megabyte_milliseconds: 5_000, object_reads: 3, ..Usage::default() }
        );
        assert_eq!(meter.take(at(9_000)), Usage::default());
    }
}
