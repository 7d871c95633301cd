//! What a seed decides about the platform, whatever the flow: how it delivers, and how hostile it is.

use chrono::TimeDelta;
use riffle_testkit::simulator::Plan;

/// The platform in one run. Rates are in ten-thousandths of the steps.
#[derive(Debug, Clone)]
pub struct Conditions {
    pub plan: Plan,
    pub delivery: Delivery,
    /// How far machines' clocks are off.
    pub skew: TimeDelta,
    /// How often time jumps while invocations run.
    pub jumps: u32,
    /// Whether the platform ends invocations that live too long. Where it does not, a laptop that slept wakes up with
    /// its invocations half done.
    pub timeouts: bool,
    /// All invocations die at once.
    pub power_cuts: u32,
    /// A message nobody can decode is put into each queue.
    pub garbage: bool,
    /// Faults stop after so many steps.
    pub hostile_steps: u64,
    /// Invocations of one function at a time.
    pub concurrency: usize,
    /// Messages in one delivery, at most.
    pub largest_batch: usize,
}

/// What queues and bus do, in ten-thousandths of the steps.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivery {
    pub lose: u32,
    /// A message in flight becomes visible to others.
    pub expose: u32,
    /// A deleted message comes back.
    pub resurrect: u32,
    pub delay: u32,
    /// The bus tells of an event once more, to everybody.
    pub repeat: u32,
}

impl Conditions {
    /// For placing faults: nothing goes wrong but what `plan` says.
    pub fn friendly(plan: Plan) -> Self {
        Self {
            plan,
            delivery: Delivery::default(),
            skew: TimeDelta::zero(),
            jumps: 0,
            timeouts: true,
            power_cuts: 0,
            garbage: false,
            hostile_steps: 0,
            concurrency: 2,
            largest_batch: 2,
        }
    }
}
