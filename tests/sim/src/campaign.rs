//! Runs of many schedules on all cores.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};

use riffle_testkit::simulator::{Fault, FaultPlan, FaultPoint, Sometimes};

use crate::{ScheduleRun, Violation, scan, statements};

/// A simulated flow, with its real protocol or a known-bad one.
pub trait Simulated: Copy + Sync {
    /// Returns the flow's name on the command line.
    fn name(self) -> &'static str;

    /// Returns the name of the known-bad protocol, if it has one.
    fn mutant(self) -> Option<&'static str>;

    /// Runs the schedule that `seed` determines.
    fn any(self, seed: u64, readable: bool) -> ScheduleRun;

    /// Runs the small scenario with these faults, each at the call of the given number.
    fn placed(self, faults: Vec<(u64, Fault)>, readable: bool) -> ScheduleRun;
}

/// The flows of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SimulatedFlow {
    Scan(Option<scan::ScanMutant>),
    Statements(Option<statements::StatementsMutant>),
}

impl Simulated for SimulatedFlow {
    fn name(self) -> &'static str {
        match self {
            Self::Scan(_) => "scan",
            Self::Statements(_) => "statements",
        }
    }

    fn mutant(self) -> Option<&'static str> {
        match self {
            Self::Scan(mutant) => mutant.map(scan::ScanMutant::name),
            Self::Statements(mutant) => mutant.map(statements::StatementsMutant::name),
        }
    }

    fn any(self, seed: u64, readable: bool) -> ScheduleRun {
        match self {
            Self::Scan(mutant) => scan::run(scan::ScanScenario::any(seed), mutant, readable),
            Self::Statements(mutant) => {
                statements::run(statements::StatementsScenario::of(seed, mutant), mutant, readable)
            }
        }
    }

    fn placed(self, faults: Vec<(u64, Fault)>, readable: bool) -> ScheduleRun {
        let plan = FaultPlan::Placed(faults);
        match self {
            Self::Scan(mutant) => scan::run(scan::ScanScenario::small(plan), mutant, readable),
            Self::Statements(mutant) => {
                statements::run(statements::StatementsScenario::small(plan), mutant, readable)
            }
        }
    }
}

/// The result of many schedules.
#[derive(Debug, Default)]
pub struct CampaignReport {
    pub schedules: u64,
    pub steps: u64,
    pub sometimes: Sometimes,
    /// The failing schedule with the lowest seed or placement.
    pub failure: Option<FailedSchedule>,
}

/// A schedule in which an invariant did not hold.
#[derive(Debug, Clone)]
pub struct FailedSchedule {
    pub flow: &'static str,
    pub mutant: Option<&'static str>,
    pub seed: u64,
    pub violation: Violation,
    /// The placed faults; empty for a seeded schedule.
    pub placed: Vec<(u64, Fault)>,
}

impl FailedSchedule {
    fn of(flow: impl Simulated, seed: u64, violation: Violation, placed: Vec<(u64, Fault)>) -> Self {
        Self { flow: flow.name(), mutant: flow.mutant(), seed, violation, placed }
    }

    /// Returns the command that reproduces the failure, if the flow is one of the product's.
    pub fn replay(&self) -> String {
        let flow = self.flow;
        let mut command = format!("cargo run -p riffle-sim-tests --bin simulate -- --flow {flow}");
        if self.placed.is_empty() {
            command += &format!(" --seed {} --trace", self.seed);
        } else {
            for (at, fault) in &self.placed {
                command += &format!(" --place {at}:{fault:?}");
            }
            command += " --trace";
        }
        if let Some(mutant) = self.mutant {
            command += &format!(" --mutant {mutant}");
        }
        command
    }
}

/// Runs the schedules of `seeds`. Stops at the first failure, unless `failed` is given: then all run, and `failed` is
/// called with each failure. Calls `progress` with the number of schedules so far every 1,000 seeds.
pub fn seeds(
    flow: impl Simulated,
    seeds: Range<u64>,
    progress: &(dyn Fn(u64) + Sync),
    failed: Option<&(dyn Fn(&FailedSchedule) + Sync)>,
) -> CampaignReport {
    let next = AtomicU64::new(seeds.start);
    let collected = Mutex::new(CampaignReport::default());
    on_all_cores(|| {
        let mut own = CampaignReport::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let run = flow.any(seed, false);
            own.schedules += 1;
            own.steps += run.steps;
            own.sometimes.merge(&run.sometimes);
            if let Some(violation) = run.violation {
                let failure = FailedSchedule::of(flow, seed, violation, Vec::new());
                if let Some(failed) = failed {
                    failed(&failure);
                    own.failure.get_or_insert(failure);
                } else {
                    // No later seed is started; schedules already running finish first.
                    next.fetch_max(seeds.end, Ordering::Relaxed);
                    own.failure = Some(failure);
                    break;
                }
            }
            if seed % 1_000 == 999 {
                progress(seed + 1 - seeds.start);
            }
        }
        collect(&collected, own);
    });
    collected.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the small scenario with every placement of one fault and, if `pairs`, of two. A single throttle is only a
/// delay, so it is placed alone and not in pairs.
pub fn placements(flow: impl Simulated, pairs: bool) -> CampaignReport {
    let (first, begun) = calm(flow, &|faults| flow.placed(faults, false));
    let next = AtomicU64::new(0);
    let collected = Mutex::new(begun);
    on_all_cores(|| {
        let mut own = CampaignReport::default();
        while own.failure.is_none() {
            let nth = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
            let Some(one) = first.get(nth) else { break };
            let points = place(&mut own, flow, &|faults| flow.placed(faults, false), vec![*one]);
            if !pairs || one.1 == Fault::Throttled {
                continue;
            }
            for two in placed_after(one.0 + 1, &points) {
                if two.1 == Fault::Throttled {
                    continue;
                }
                place(&mut own, flow, &|faults| flow.placed(faults, false), vec![*one, two]);
                if own.failure.is_some() {
                    break;
                }
            }
        }
        collect(&collected, own);
    });
    collected.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the small scenario with a retried session and every placement of one fault.
pub fn retry_placements() -> CampaignReport {
    single_placements(scan::ScanScenario::small_retry)
}

/// Runs the small scenario on a Google Drive folder whose token expires, with every placement of one fault.
pub fn drive_placements() -> CampaignReport {
    single_placements(scan::ScanScenario::small_drive)
}

fn single_placements(scenario: fn(FaultPlan) -> scan::ScanScenario) -> CampaignReport {
    let flow = SimulatedFlow::Scan(None);
    let small = |faults| scan::run(scenario(FaultPlan::Placed(faults)), None, false);
    let (first, mut report) = calm(flow, &small);
    for one in first {
        place(&mut report, flow, &small, vec![one]);
    }
    report
}

/// Runs the scenario without faults. Returns every single fault that can be placed into it, and the report of this run.
fn calm(
    flow: impl Simulated,
    small: &dyn Fn(Vec<(u64, Fault)>) -> ScheduleRun,
) -> (Vec<(u64, Fault)>, CampaignReport) {
    let calm = small(Vec::new());
    let failure = |violation| FailedSchedule::of(flow, calm.seed, violation, Vec::new());
    let report = CampaignReport {
        schedules: 1,
        failure: calm.violation.clone().map(failure),
        ..CampaignReport::default()
    };
    (placed_after(0, &calm.points), report)
}

/// Runs one placement and returns the calls made in it.
fn place(
    report: &mut CampaignReport,
    flow: impl Simulated,
    small: &dyn Fn(Vec<(u64, Fault)>) -> ScheduleRun,
    placed: Vec<(u64, Fault)>,
) -> Vec<FaultPoint> {
    let run = small(placed.clone());
    report.schedules += 1;
    report.steps += run.steps;
    report.sometimes.merge(&run.sometimes);
    if let Some(violation) = run.violation {
        report.failure.get_or_insert(FailedSchedule::of(flow, run.seed, violation, placed));
    }
    run.points
}

/// Returns every fault that can be placed at one of `points`, from the call numbered `from`.
fn placed_after(from: u64, points: &[FaultPoint]) -> Vec<(u64, Fault)> {
    let numbered = (0..).zip(points).filter(|(nth, _)| *nth >= from);
    numbered
        .flat_map(|(nth, point)| {
            let faults = Fault::ALL.into_iter().filter(|fault| fault.applies_to(point.effect));
            faults.map(move |fault| (nth, fault))
        })
        .collect()
}

fn collect(collected: &Mutex<CampaignReport>, own: CampaignReport) {
    let mut all = collected.lock().unwrap_or_else(PoisonError::into_inner);
    all.schedules += own.schedules;
    all.steps += own.steps;
    all.sometimes.merge(&own.sometimes);
    let order = |failure: &FailedSchedule| (failure.seed, failure.placed.clone());
    all.failure = all.failure.take().into_iter().chain(own.failure).min_by_key(order);
}

fn on_all_cores(work: impl Fn() + Sync) {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(&work);
        }
    });
}
