//! Counts of named events, which prove that the generated schedules reach the interesting cases.

use std::collections::BTreeMap;

use super::Fault;

/// How often each named event occurred, and each fault at each kind of call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sometimes {
    counts: BTreeMap<&'static str, u64>,
    strikes: BTreeMap<(&'static str, Fault), u64>,
}

impl Sometimes {
    /// Counts one occurrence of the event.
    pub fn note(&mut self, event: &'static str) {
        *self.counts.entry(event).or_default() += 1;
    }

    /// Counts one occurrence of `fault` at a call of `point`.
    pub fn struck(&mut self, point: &'static str, fault: Fault) {
        *self.strikes.entry((point, fault)).or_default() += 1;
    }

    /// Adds the counts of another run.
    pub fn merge(&mut self, other: &Self) {
        for (event, count) in &other.counts {
            *self.counts.entry(event).or_default() += count;
        }
        for (strike, count) in &other.strikes {
            *self.strikes.entry(*strike).or_default() += count;
        }
    }

    /// Returns how often each fault occurred at each kind of call.
    pub fn strikes(&self) -> impl Iterator<Item = (&'static str, Fault, u64)> {
        let strikes = self.strikes.iter();
        strikes.map(|((point, fault), count)| (*point, *fault, *count))
    }

    pub fn count(&self, event: &str) -> u64 {
        self.counts.get(event).copied().unwrap_or(0)
    }

    /// Returns those of `expected` that never occurred.
    pub fn missing<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        let absent = |event: &&&str| self.count(event) == 0;
        expected.iter().filter(absent).copied().collect()
    }

    /// Returns the counts of all events that occurred, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(event, count)| (*event, *count))
    }
}
