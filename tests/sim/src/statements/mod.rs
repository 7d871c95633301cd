//! Simulated statements: the real functions from the bucket's notification to figures and audit trail, under every kind
//! of fault. These invariants must hold.
//!
//! | | | checked |
//! |---|---|---|
//! | 0 | nothing panics or waits for anything outside the simulation; records can be read | at each step |
//! | 1 | exactly the stored results are announced, to all consumers | at each step, at the end |
//! | 2 | transactions are those that the files show, with the content of the first file | at each step, at the end |
//! | 3 | known and new add up to a file's rows, and new to all transactions | when a file is done, at the end |
//! | 4 | a finished file does not change until its deletion is requested | at each step |
//! | 5 | an event has one id and is in the trail once | at each step, at the end |
//! | 6 | after faults stop: each file ends, queues are empty, dead letters can be redriven | at the end |
//! | 7 | a permanent failure has a recorded reason | at each dead letter, at the end |
//! | 8 | a deleted file leaves nothing, and other files keep their data | when it is deleted, at the end |
//! | 9 | categories and figures equal those computed from the transactions from scratch | at the end |
//! | 10 | a replay changes nothing, a shadow replay finds no difference | at the end |

mod actions;
mod changes;
mod checker;
mod counts;
mod end_state;
mod epilogue;
mod faults;
mod functions;
mod model;
mod mutants;
mod reader;
mod replays;
mod scenario;
mod scenes;
mod stores;
mod world;

pub use mutants::StatementsMutant;
pub use scenario::StatementsScenario;

/// Runs `scenario`; `readable` keeps the trace as text.
pub fn run(
    scenario: StatementsScenario,
    mutant: Option<StatementsMutant>,
    readable: bool,
) -> crate::ScheduleRun {
    let seed = scenario.seed;
    let mut world = world::World::new(scenario, mutant, readable);
    let refusals = changes::Refusals(std::sync::Arc::clone(&world.control));
    tracing::subscriber::with_default(refusals, || crate::run::run(&mut world, seed))
}
