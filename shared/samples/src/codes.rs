//! Hole codes: the ones that are looked for, the ones that are not, and those that nearly are.

use std::collections::HashSet;

use crate::rng::Rng;

/// Hyphens a drawing may hold in place of `-`, all of one meaning (scan.md, Matching).
pub(crate) const LOOK_ALIKES: [char; 5] = ['\u{2010}', '\u{2011}', '\u{2013}', '\u{2014}', '\u{2212}'];

/// A code on a sheet, as it is meant; how it is spelled there is the sheet's matter.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) text: String,
    /// Its place in the list of target codes; `None` for what nobody looks for.
    pub(crate) target: Option<u32>,
}

/// All target codes of a set of samples.
#[derive(Debug)]
pub(crate) struct CodeBook {
    targets: Vec<String>,
    known: HashSet<String>,
    /// Target codes from here on are written nowhere.
    placed: u32,
}

/// Of 100 target codes so many are on no sheet, so that a report has something absent to tell.
const ABSENT_PERCENT: usize = 12;

impl CodeBook {
    /// `count` different codes.
    pub(crate) fn new(seed: u64, count: usize) -> Self {
        let mut rng = Rng::stream(seed, u64::MAX);
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

    /// A code that is looked for.
    pub(crate) fn wanted(&self, rng: &mut Rng) -> Code {
        let target = rng.below(self.placed);
        Code { text: self.targets[target as usize].clone(), target: Some(target) }
    }

    /// A code that is not, a quarter of them one character away from one that is.
    pub(crate) fn unwanted(&self, rng: &mut Rng) -> Code {
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

    /// What a row of a table holds: about every fifth code is one that is looked for.
    pub(crate) fn any(&self, rng: &mut Rng) -> Code {
        if rng.chance(20) { self.wanted(rng) } else { self.unwanted(rng) }
    }
}

/// The families of codes. No code of one family is a word of another's.
fn any_code(rng: &mut Rng) -> String {
    let letter = char::from(b'A' + (rng.below(6) & 7) as u8);
    match rng.below(10) {
        0..=3 => format!("HOLE-{}", 1 + rng.below(9_999)),
        4..=5 => format!("DH-{}", 100 + rng.below(9_900)),
        6..=7 => format!("BH-{}{letter}", 100 + rng.below(900)),
        8 => format!("TP{}-{:03}", 1 + rng.below(99), 1 + rng.below(999)),
        _ => format!("CB-{}-{letter}{}", 10 + rng.below(90), 1 + rng.below(9)),
    }
}

/// What whole-word matching must not take for `code`: HOLE-12 and XHOLE-1 for HOLE-1.
fn near_miss(code: &str, rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => format!("{code}{}", rng.below(10)),
        1 => format!("X{code}"),
        2 => format!("{code}Z"),
        _ => code.replacen('-', "", 1),
    }
}
