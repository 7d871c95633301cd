//! The billed resources that a session uses: counted where the calls are made, and added up with the session's counts.

use std::ops::AddAssign;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The resources used, in the units that clouds bill. For display and pricing only; no decision depends on it, so that
/// counts lost in a crash or doubled after a lost response are not corrected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Function invocations.
    pub invocations: u64,
    /// Running time of functions times their memory: milliseconds × MB.
    pub megabyte_milliseconds: u64,
    /// Queue requests, in units of 64 KB.
    pub queue_requests: u64,
    /// Write units of tables, including those of indexes and of failed conditions.
    pub table_write_units: u64,
    /// Read units of tables, in halves: an eventually consistent read costs half a unit.
    pub table_read_half_units: u64,
    /// Requests that write or list objects.
    pub object_writes: u64,
    /// Requests that read objects or their metadata.
    pub object_reads: u64,
    /// Messages to clients, in units of 32 KB.
    pub socket_messages: u64,
    /// Requests to the key management service.
    pub key_requests: u64,
    /// Page pictures read by OCR that is billed by the page.
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

/// The meter to which the adapters of one process add their usage, until a flow takes it for its session. On a single
/// machine no adapter uses it.
#[derive(Debug, Default)]
pub struct Meter(Mutex<MeterState>);

#[derive(Debug, Default)]
struct MeterState {
    usage: Usage,
    running: Option<RunningInvocation>,
}

/// The current invocation.
#[derive(Debug, Clone, Copy)]
struct RunningInvocation {
    megabytes: u64,
    since: DateTime<Utc>,
}

impl Meter {
    /// Adds to the usage.
    pub fn note(&self, usage: Usage) {
        self.with(|reading| reading.usage += usage);
    }

    /// Begins an invocation of a function with `megabytes` of memory.
    pub fn begin(&self, megabytes: u64, now: DateTime<Utc>) {
        self.with(|reading| {
            reading.usage.invocations += 1;
            reading.running = Some(RunningInvocation { megabytes, since: now });
        });
    }

    /// Ends the invocation. Usage that was not taken goes to the next caller of [`take`](Self::take).
    pub fn end(&self, now: DateTime<Utc>) {
        self.with(|reading| {
            reading.tick(now);
            reading.running = None;
        });
    }

    /// Returns the usage since the last call, including the time of the current invocation.
    pub fn take(&self, now: DateTime<Utc>) -> Usage {
        self.with(|reading| {
            reading.tick(now);
            std::mem::take(&mut reading.usage)
        })
    }

    fn with<T>(&self, change: impl FnOnce(&mut MeterState) -> T) -> T {
        // No code under the lock can panic half-way, so data behind a poisoned lock is consistent.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl MeterState {
    fn tick(&mut self, now: DateTime<Utc>) {
        if let Some(running) = &mut self.running {
            let milliseconds = (now - running.since).num_milliseconds();
            // A clock that was set back adds nothing.
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
        // Time between invocations is not billed.
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
