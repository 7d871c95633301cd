//! Hole codes: target codes, other codes, and near misses of target codes.

use std::collections::HashSet;

use crate::rng::SampleRng;

/// Hyphens that a drawing may have instead of `-`, all with the same meaning (scan.md, Matching).
pub(crate) const LOOK_ALIKES: [char; 5] = ['\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}', '\u{2212}'];

/// A code on a sheet in its standard spelling; the sheet decides how it is spelled there.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) text: String,
    /// The index in the list of target codes; `None` for a code that is not a target.
    pub(crate) target: Option<u32>,
}

/// All target codes of a set of samples.
#[derive(Debug)]
pub(crate) struct CodeBook {
    targets: Vec<String>,
    known: HashSet<String>,
    /// The number of target codes that may be written; those from this index on appear nowhere.
    placed: u32,
}

/// The percentage of target codes that appear on no sheet, so that a report has absent codes.
const ABSENT_PERCENT: usize = 12;

impl CodeBook {
    /// Makes `count` different codes.
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let mut rng = SampleRng::stream(seed, u64::MAX);
        let mut targets = Vec::with_capacity(count);
        let mut known = HashSet::with_capacity(count);
        while targets.len() < count {
            let code = any_code(&mut rng);
            if known.insert(code.clone()) {
                targets.push(code);
            }
        }
        let placed = count - count * ABSENT_PERCENT / 100;
        Self { targets, known, placed: u32::try_from(placed).unwrap_or(u32::MAX) }
    }

    pub(crate) fn targets(&self) -> &[String] {
        &self.targets
    }

    /// Returns a target code.
    pub(crate) fn wanted(&self, rng: &mut SampleRng) -> Code {
        let target = rng.below(self.placed);
        Code { text: self.targets[target as usize].clone(), target: Some(target) }
    }

    /// Returns a code that is not a target; a quarter of them differ from a target by one character.
    pub(crate) fn unwanted(&self, rng: &mut SampleRng) -> Code {
        loop {
            let text = if rng.chance(25) {
                near_miss(&self.targets[rng.index(self.targets.len())], rng)
            } else {
                any_code(rng)
            };
            if !self.known.contains(&text) {
                return Code { text, target: None };
            }
        }
    }

    /// Returns a code for a row of a table: about every fifth is a target.
    pub(crate) fn any(&self, rng: &mut SampleRng) -> Code {
        if rng.chance(20) { self.wanted(rng) } else { self.unwanted(rng) }
    }
}

/// Returns a code of one of the families. No code of one family is a word in a code of another.
fn any_code(rng: &mut SampleRng) -> String {
    let letter = char::from(b'A' + (rng.below(6) & 7) as u8);
    match rng.below(10) {
        0..=3 => format!("HOLE-{}", 1 + rng.below(9_999)),
        4..=5 => format!("DH-{}", 100 + rng.below(9_900)),
        6..=7 => format!("BH-{}{letter}", 100 + rng.below(900)),
        8 => format!("TP{}-{:03}", 1 + rng.below(99), 1 + rng.below(999)),
        _ => format!("CB-{}-{letter}{}", 10 + rng.below(90), 1 + rng.below(9)),
    }
}

/// Returns text that whole-word matching must not take for `code`, such as HOLE-12 or XHOLE-1 for HOLE-1.
fn near_miss(code: &str, rng: &mut SampleRng) -> String {
    match rng.below(4) {
        0 => format!("{code}{}", rng.below(10)),
        1 => format!("X{code}"),
        2 => format!("{code}Z"),
        _ => code.replacen('-', "", 1),
    }
}
