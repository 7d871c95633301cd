//! The conditions of a platform that a seed determines for any flow: its deliveries and its faults.

use chrono::TimeDelta;
use riffle_testkit::simulator::FaultPlan;

/// The platform in one run. Rates are in ten-thousandths of the steps.
#[derive(Debug, Clone)]
pub struct Conditions {
    pub plan: FaultPlan,
    pub delivery: DeliveryRates,
    /// The maximum error of the machines' clocks.
    pub skew: TimeDelta,
    /// The rate of jumps in time while invocations run.
    pub jumps: u32,
    /// Whether the platform ends invocations that run too long. If not, it is like a laptop that wakes from sleep with
    /// its invocations unfinished.
    pub timeouts: bool,
    /// The rate of power cuts, which end all invocations at once.
    pub power_cuts: u32,
    /// Whether an undecodable message is put into each queue.
    pub garbage: bool,
    /// The number of steps after which faults stop.
    pub hostile_steps: u64,
    /// The maximum number of concurrent invocations of one function.
    pub concurrency: usize,
    /// The maximum number of messages in one delivery.
    pub largest_batch: usize,
}

/// The rates at which queues and bus misbehave, in ten-thousandths of the steps.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryRates {
    pub lose: u32,
    /// A message in flight becomes visible to other consumers.
    pub expose: u32,
    /// A deleted message is delivered again.
    pub resurrect: u32,
    pub delay: u32,
    /// The bus delivers an event once more, to all its consumers.
    pub repeat: u32,
}

impl Conditions {
    /// Creates conditions for placing faults: nothing fails except as `plan` says.
    pub fn friendly(plan: FaultPlan) -> Self {
        Self {
            plan,
            delivery: DeliveryRates::default(),
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
