//! Runs simulated schedules from the command line: many, or one with its trace.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use riffle_sim_tests::campaign::{self, Failure, Report};
use riffle_sim_tests::{Mutant, Scenario, run};
use riffle_testkit::simulator::{Fault, Plan};

/// Simulates scans: the real functions under every kind of fault, checked against the ten invariants.
#[derive(Debug, Parser)]
struct Options {
    /// How many seeds to run.
    #[arg(long, default_value_t = 20_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    start: u64,
    /// Runs this seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// Shows what happened, step by step.
    #[arg(long)]
    trace: bool,
    /// Runs a known-bad protocol in place of the real one.
    #[arg(long, value_parser = mutant)]
    mutant: Option<Mutant>,
    /// Runs the small scenario with a fault at a call, as `12:CrashAfter`.
    #[arg(long, value_parser = placement)]
    place: Vec<(u64, Fault)>,
    /// Goes on after a failure and lists them all.
    #[arg(long)]
    all: bool,
    /// Runs the small scenario with every placement of one and of two faults.
    #[arg(long)]
    exhaustive: bool,
}

fn mutant(name: &str) -> Result<Mutant, String> {
    Mutant::named(name).ok_or_else(|| {
        let names: Vec<&str> = Mutant::ALL.iter().map(|mutant| mutant.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

fn placement(text: &str) -> Result<(u64, Fault), String> {
    let (at, name) = text.split_once(':').ok_or("a placement is CALL:FAULT")?;
    let at = at.parse().map_err(|error| format!("{at}: {error}"))?;
    let fault = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == name);
    fault.map(|fault| (at, fault)).ok_or_else(|| format!("one of {:?}", Fault::ALL))
}

#[expect(clippy::print_stdout, reason = "what a command line is for")]
fn main() -> ExitCode {
    let options = Options::parse();
    if options.seed.is_some() || !options.place.is_empty() {
        let scenario = match options.seed {
            Some(seed) => Scenario::any(seed),
            None => Scenario::small(Plan::Placed(options.place)),
        };
        if options.trace {
            println!("{scenario:#?}");
        }
        let run = run(scenario, options.mutant, options.trace);
        for line in &run.trace {
            println!("{line}");
        }
        println!("seed {}: {} steps, trace {:016x}", run.seed, run.steps, run.hash);
        return match run.violation {
            None => ExitCode::SUCCESS,
            Some(violation) => {
                println!("VIOLATED {violation}");
                ExitCode::FAILURE
            }
        };
    }
    #[expect(clippy::disallowed_methods, reason = "the real time a run takes, not that of the world")]
    let began = Instant::now();
    let report = if options.exhaustive {
        campaign::placements()
    } else {
        let progress = |run: u64| {
            #[expect(clippy::cast_precision_loss, reason = "for showing")]
            let rate = run as f64 / began.elapsed().as_secs_f64();
            println!("{run} of {} schedules, {rate:.0} a second", options.seeds);
        };
        let failed = |failure: &Failure| println!("seed {}: {}", failure.seed, failure.violation);
        let failed: Option<&(dyn Fn(&Failure) + Sync)> = if options.all { Some(&failed) } else { None };
        campaign::seeds(options.start..options.start + options.seeds, options.mutant, &progress, failed)
    };
    show(&report, options.mutant, began)
}

#[expect(clippy::print_stdout, reason = "what a command line is for")]
fn show(report: &Report, mutant: Option<Mutant>, began: Instant) -> ExitCode {
    for (event, count) in report.sometimes.iter() {
        println!("{count:>12}  {event}");
    }
    for (point, fault, count) in report.sometimes.strikes() {
        println!("{count:>12}  {fault:?} at {point}");
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for showing")]
    let rate = report.schedules as f64 / seconds;
    println!("{} schedules, {} steps in {seconds:.1} s: {rate:.0} a second", report.schedules, report.steps);
    match &report.failure {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            println!("{}", told(failure, mutant));
            ExitCode::FAILURE
        }
    }
}

fn told(failure: &Failure, mutant: Option<Mutant>) -> String {
    format!("VIOLATED in seed {}: {}\nreplay: {}", failure.seed, failure.violation, failure.replay(mutant))
}
