//! Runs simulated schedules from the command line: many, or one with its trace.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use riffle_sim_tests::campaign::{self, CampaignReport, FailedSchedule, Simulated as _, SimulatedFlow};
use riffle_sim_tests::{scan, statements};
use riffle_testkit::simulator::{Fault, FaultPlan};

/// Simulates the flows: runs the real functions under every kind of fault and checks their invariants.
#[derive(Debug, Parser)]
struct SimulateArgs {
    /// Simulates only this flow: scan or statements.
    #[arg(long, value_parser = ["scan", "statements"])]
    flow: Option<String>,
    /// The number of seeds to run for each flow.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Runs only this seed.
    #[arg(long)]
    seed: Option<u64>,
    /// Shows what happened, step by step.
    #[arg(long)]
    trace: bool,
    /// Runs a known-bad protocol in place of the real one.
    #[arg(long, value_parser = mutant)]
    mutant: Option<SimulatedFlow>,
    /// Runs the small scenario with a fault at a call, such as `12:CrashAfter`.
    #[arg(long, value_parser = placement)]
    place: Vec<(u64, Fault)>,
    /// Continues after a failure and lists all failures.
    #[arg(long)]
    all: bool,
    /// Runs the small scenario with every placement of one and of two faults.
    #[arg(long)]
    exhaustive: bool,
}

fn mutant(name: &str) -> Result<SimulatedFlow, String> {
    let scan = scan::ScanMutant::named(name).map(|mutant| SimulatedFlow::Scan(Some(mutant)));
    scan.or_else(|| {
        statements::StatementsMutant::named(name).map(|mutant| SimulatedFlow::Statements(Some(mutant)))
    })
    .ok_or_else(|| {
        let scan = scan::ScanMutant::ALL.iter().map(|mutant| mutant.name());
        let names: Vec<&str> =
            scan.chain(statements::StatementsMutant::ALL.iter().map(|mutant| mutant.name())).collect();
        format!("expected one of {}", names.join(", "))
    })
}

fn placement(text: &str) -> Result<(u64, Fault), String> {
    let (at, name) = text.split_once(':').ok_or("a placement is CALL:FAULT")?;
    let at = at.parse().map_err(|error| format!("{at}: {error}"))?;
    let fault = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == name);
    fault.map(|fault| (at, fault)).ok_or_else(|| format!("one of {:?}", Fault::ALL))
}

impl SimulateArgs {
    fn flows(&self) -> Vec<SimulatedFlow> {
        match (self.mutant, self.flow.as_deref()) {
            (Some(mutant), _) => vec![mutant],
            (None, Some("scan")) => vec![SimulatedFlow::Scan(None)],
            (None, Some(_)) => vec![SimulatedFlow::Statements(None)],
            (None, None) => vec![SimulatedFlow::Scan(None), SimulatedFlow::Statements(None)],
        }
    }

    /// Returns whether a single schedule is requested.
    fn is_single(&self) -> bool {
        self.seed.is_some() || !self.place.is_empty()
    }
}

fn main() -> ExitCode {
    let options = SimulateArgs::parse();
    let flows = options.flows();
    let done = if options.is_single() {
        flows.into_iter().all(|flow| single(&options, flow))
    } else {
        flows.into_iter().all(|flow| many(&options, flow))
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs one schedule. Returns whether no invariant was violated.
#[expect(clippy::print_stdout, reason = "this is the program's output")]
fn single(options: &SimulateArgs, flow: SimulatedFlow) -> bool {
    if options.trace {
        let plan = FaultPlan::Placed(options.place.clone());
        match (flow, options.seed) {
            (SimulatedFlow::Scan(_), Some(seed)) => println!("{:#?}", scan::ScanScenario::any(seed)),
            (SimulatedFlow::Scan(_), None) => println!("{:#?}", scan::ScanScenario::small(plan)),
            (SimulatedFlow::Statements(mutant), Some(seed)) => {
                println!("{:#?}", statements::StatementsScenario::of(seed, mutant));
            }
            (SimulatedFlow::Statements(_), None) => {
                println!("{:#?}", statements::StatementsScenario::small(plan));
            }
        }
    }
    let run = match options.seed {
        Some(seed) => flow.any(seed, options.trace),
        None => flow.placed(options.place.clone(), options.trace),
    };
    for line in &run.trace {
        println!("{line}");
    }
    println!("{} seed {}: {} steps, trace {:016x}", flow.name(), run.seed, run.steps, run.hash);
    match run.violation {
        None => true,
        Some(violation) => {
            println!("VIOLATED {violation}");
            false
        }
    }
}

/// Runs many schedules. Returns whether no invariant was violated.
#[expect(clippy::print_stdout, reason = "this is the program's output")]
fn many(options: &SimulateArgs, flow: SimulatedFlow) -> bool {
    #[expect(clippy::disallowed_methods, reason = "measures the real duration of a run, not simulated time")]
    let began = Instant::now();
    let report = if options.exhaustive {
        campaign::placements(flow, true)
    } else {
        let progress = |run: u64| {
            #[expect(clippy::cast_precision_loss, reason = "for display only")]
            let rate = run as f64 / began.elapsed().as_secs_f64();
            println!("{}: {run} of {} schedules, {rate:.0} a second", flow.name(), options.seeds);
        };
        let failed = |failure: &FailedSchedule| println!("seed {}: {}", failure.seed, failure.violation);
        let failed: Option<&(dyn Fn(&FailedSchedule) + Sync)> =
            if options.all { Some(&failed) } else { None };
        campaign::seeds(flow, options.start..options.start + options.seeds, &progress, failed)
    };
    show(&report, flow, began)
}

#[expect(clippy::print_stdout, reason = "this is the program's output")]
fn show(report: &CampaignReport, flow: SimulatedFlow, began: Instant) -> bool {
    for (event, count) in report.sometimes.iter() {
        println!("{count:>12}  {event}");
    }
    for (point, fault, count) in report.sometimes.strikes() {
        println!("{count:>12}  {fault:?} at {point}");
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for display only")]
    let rate = report.schedules as f64 / seconds;
    println!(
        "{}: {} schedules, {} steps in {seconds:.1} s: {rate:.0} a second",
        flow.name(),
        report.schedules,
        report.steps
    );
    let Some(failure) = &report.failure else { return true };
    println!("VIOLATED in seed {}: {}\nreplay: {}", failure.seed, failure.violation, failure.replay());
    false
}
