//! A simulated scan: the real functions from the request to the report, its people at their pages, everything that can go
//! wrong, and what must hold all the same: see `invariants`.

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

pub use mutants::Mutant;
pub use scenario::Scenario;

/// Runs `scenario`; `readable` keeps the trace as text.
pub fn run(scenario: Scenario, mutant: Option<Mutant>, readable: bool) -> crate::Run {
    let seed = scenario.seed;
    crate::run::run(&mut world::World::new(scenario, mutant, readable), seed)
}
