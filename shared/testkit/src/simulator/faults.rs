//! The faults of a call, and the plans that decide when they occur.

use super::Rng;

/// The effect of a call on the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// None: losing the answer is the same as not making the call.
    Reads,
    Writes,
    /// Writes several items, some of which may be refused.
    Sends,
}

/// A place in a run where a fault can occur: one call of one port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultPoint {
    /// The name as `port.method`; for a transition, its name in place of the method.
    pub name: &'static str,
    pub effect: Effect,
}

/// A fault of one call. The simulated SDK of the caller tries up to three times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The first try has no effect; the second succeeds. Other tasks may act in between.
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
    /// Some of the sent items are refused.
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

    /// Returns whether the fault differs from all others at a call with this effect.
    pub fn applies_to(self, effect: Effect) -> bool {
        match self {
            Self::Throttled | Self::Unavailable | Self::CrashBefore => true,
            Self::LostThenAnswered | Self::LostThenUnavailable | Self::CrashAfter => effect != Effect::Reads,
            Self::PartlyRefused => effect == Effect::Sends,
        }
    }
}

/// The probability of each fault at each call, in ten-thousandths.
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
    /// Draws the rates of one run: most faults off, the others rare or frequent. Runs in which everything fails get
    /// little done, and runs in which one fault is frequent reach states that evenly mixed ones do not.
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

/// A plan that decides which calls fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultPlan {
    /// Nothing fails.
    Quiet,
    /// Calls fail at random, at these rates.
    Random(Rates),
    /// Calls fail at random, except those whose name starts with one of these prefixes.
    Sparing(Rates, &'static [&'static str]),
    /// Exactly these calls fail. Calls are counted from 0 in the order in which they take place, and the numbers
    /// ascend.
    Placed(Vec<(u64, Fault)>),
}

impl FaultPlan {
    pub const fn is_placed(&self) -> bool {
        matches!(self, Self::Placed(_))
    }

    /// Returns the fault of the `nth` call, if any.
    pub fn decide(&self, nth: u64, point: FaultPoint, rng: &mut Rng) -> Option<Fault> {
        match self {
            Self::Quiet => None,
            Self::Sparing(_, spared) if spared.iter().any(|spared| point.name.starts_with(spared)) => None,
            Self::Random(rates) | Self::Sparing(rates, _) => {
                // One draw decides among all faults, so that a call consumes one random number whatever the rates.
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
