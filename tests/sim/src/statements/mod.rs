//! Simulated statements: the real functions from the bucket's notification to figures and trail, everything that can go
//! wrong, and what must hold all the same.
//!
//! | | | checked |
//! |---|---|---|
//! | 0 | nothing panics or waits for the world outside; records can be read | at each step |
//! | 1 | every stored result is announced to everybody, and nothing that is not stored | at each step, at the end |
//! | 2 | transactions are those that the files show, in the words of the first that did | at each step, at the end |
//! | 3 | new and known add up to a file's rows, and new to all transactions | when a file is done, at the end |
//! | 4 | a file that is done stays as it is, until somebody wants it gone | at each step |
//! | 5 | an event has one id and is in the trail once | at each step, at the end |
//! | 6 | after faults stop: each file ends, queues are empty, dead letters can be handed out again | at the end |
//! | 7 | what fails for good says why | at each dead letter, at the end |
//! | 8 | a deleted file leaves nothing, and its neighbours what is theirs | when it is gone, at the end |
//! | 9 | categories and figures are what comes out of the transactions from scratch | at the end |
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

pub use mutants::Mutant;
pub use scenario::Scenario;

/// Runs `scenario`; `readable` keeps the trace as text.
pub fn run(scenario: Scenario, mutant: Option<Mutant>, readable: bool) -> crate::Run {
    let seed = scenario.seed;
    let mut world = world::World::new(scenario, mutant, readable);
    let refusals = changes::Refusals(std::sync::Arc::clone(&world.control));
    tracing::subscriber::with_default(refusals, || crate::run::run(&mut world, seed))
}
