//! Simulated scans: the real functions from the request to the report, with clients, under every kind of fault. The
//! `invariants` must hold.

mod client;
mod faults;
mod functions;
mod google;
mod invariants;
mod mutants;
mod people;
mod rows;
mod scenario;
mod search;
mod stores;
mod watch;
mod world;

pub use mutants::ScanMutant;
pub use scenario::ScanScenario;

/// Runs `scenario`; `readable` keeps the trace as text.
pub fn run(scenario: ScanScenario, mutant: Option<ScanMutant>, readable: bool) -> crate::ScheduleRun {
    let seed = scenario.seed;
    crate::run::run(&mut world::World::new(scenario, mutant, readable), seed)
}
