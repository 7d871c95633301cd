//! Proof that the generator reaches the interesting cases: named events that must occur sometimes.

use std::collections::BTreeMap;

use super::Fault;

/// How often each named event occurred, and each fault at each kind of call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sometimes {
    counts: BTreeMap<&'static str, u64>,
    strikes: BTreeMap<(&'static str, Fault), u64>,
}

impl Sometimes {
    /// The event occurred once more.
    pub fn note(&mut self, event: &'static str) {
        *self.counts.entry(event).or_default() += 1;
    }

    /// `fault` struck a call of `point`.
    pub fn struck(&mut self, point: &'static str, fault: Fault) {
        *self.strikes.entry((point, fault)).or_default() += 1;
    }

    /// Adds what another run saw.
    pub fn merge(&mut self, other: &Self) {
        for (event, count) in &other.counts {
            *self.counts.entry(event).or_default() += count;
        }
        for (strike, count) in &other.strikes {
            *self.strikes.entry(*strike).or_default() += count;
        }
    }

    /// How often each fault struck at each kind of call.
    pub fn strikes(&self) -> impl Iterator<Item = (&'static str, Fault, u64)> {
        let strikes = self.strikes.iter();
        strikes.map(|((point, fault), count)| (*point, *fault, *count))
    }

    pub fn count(&self, event: &str) -> u64 {
        self.counts.get(event).copied().unwrap_or(0)
    }

    /// Those of `expected` that never occurred.
    pub fn missing<'a>(&self, expected: &[&'a str]) -> Vec<&'a str> {
        let absent = |event: &&&str| self.count(event) == 0;
        expected.iter().filter(absent).copied().collect()
    }

    /// All that occurred, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(event, count)| (*event, *count))
    }
}
