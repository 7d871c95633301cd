//! What can go wrong with a call, and who decides when.

use super::Rng;

/// What a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: a lost answer is as good as none.
    Reads,
    Writes,
    /// Writes several things, of which some may be refused.
    Sends,
}

/// A place in a run where a fault may strike: one call of one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// `port.method`, with the transition's name for transitions.
    pub name: &'static str,
    pub effect: Effect,
}

/// What goes wrong with one call. The caller's SDK tries up to three times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The first try has no effect; the second succeeds. Others may act in between.
    Throttled,
    /// No try has an effect; the caller sees an error.
    Unavailable,
    /// The first try takes effect but its answer is lost; the second takes effect again and answers.
    LostThenAnswered,
    /// The first try takes effect but its answer is lost, and so are the others: the caller sees an error.
    LostThenUnavailable,
    /// The invocation ends before the effect.
    CrashBefore,
    /// The invocation ends after the effect.
    CrashAfter,
    /// Some of what was to be sent is refused.
    PartlyRefused,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::Throttled,
        Self::Unavailable,
        Self::LostThenAnswered,
        Self::LostThenUnavailable,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::PartlyRefused,
    ];

    /// Whether the fault differs from all the others at a call with this effect.
    pub fn applies_to(self, effect: Effect) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::CrashBefore => true,
            Self::LostThenAnswered | Self::LostThenUnavailable | Self::CrashAfter => effect != Effect::Reads,
            Self::PartlyRefused => effect == Effect::Sends,
        }
    }
}

/// How likely each fault is at each call, in ten-thousandths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    pub throttled: u32,
    pub unavailable: u32,
    pub lost_then_answered: u32,
    pub lost_then_unavailable: u32,
    pub crash_before: u32,
    pub crash_after: u32,
    pub partly_refused: u32,
}

impl Rates {
    /// A mix of its own for each run: most faults off, the others rare or frequent. Runs in which everything
    /// fails reach little, and those in which one thing fails often reach what evenly mixed ones do not.
    pub fn mixed(rng: &mut Rng) -> Self {
        let mut rate = || {
            const CHOICES: [u32; 8] = [0, 0, 0, 30, 100, 200, 500, 1_000];
            rng.pick(&CHOICES).copied().unwrap_or(0)
        };
        Self {
            throttled: rate(),
            unavailable: rate() / 2,
            lost_then_answered: rate(),
            lost_then_unavailable: rate() / 2,
            crash_before: rate() / 4,
            crash_after: rate() / 4,
            partly_refused: rate() * 2,
        }
    }

    fn of(&self, fault: Fault) -> u32 {
        match fault {
            Fault::Throttled => self.throttled,
            Fault::Unavailable => self.unavailable,
            Fault::LostThenAnswered => self.lost_then_answered,
            Fault::LostThenUnavailable => self.lost_then_unavailable,
            Fault::CrashBefore => self.crash_before,
            Fault::CrashAfter => self.crash_after,
            Fault::PartlyRefused => self.partly_refused,
        }
    }
}

/// Who decides which call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Nothing fails.
    Quiet,
    /// Chance decides.
    Random(Rates),
    /// Chance decides, but calls whose name starts with one of these never fail.
    Sparing(Rates, &'static [&'static str]),
    /// These calls fail, counted from 0 in the order in which they take place, and no others. The numbers
    /// rise.
    Placed(Vec<(u64, Fault)>),
}

impl Plan {
    pub const fn is_placed(&self) -> bool {
        matches!(self, Self::Placed(_))
    }

    /// What happens to the `nth` call.
    pub fn decide(&self, nth: u64, point: Point, rng: &mut Rng) -> Option<Fault> {
        match self {
            Self::Quiet => None,
            Self::Sparing(_, spared) if spared.iter().any(|spared| point.name.starts_with(spared)) => None,
            Self::Random(rates) | Self::Sparing(rates, _) => {
                // One draw for all kinds, so that a call costs one number whatever the rates.
                let mut drawn = u32::try_from(rng.below(10_000)).unwrap_or(u32::MAX);
                Fault::ALL.into_iter().find(|fault| {
                    if !fault.applies_to(point.effect) {
                        return false;
                    }
                    let rate = rates.of(*fault);
                    let hit = drawn < rate;
                    drawn = drawn.saturating_sub(rate);
                    hit
                })
            }
            Self::Placed(placed) => placed
                .iter()
                .find(|(at, fault)| *at == nth && fault.applies_to(point.effect))
                .map(|(_, fault)| *fault),
        }
    }
}
