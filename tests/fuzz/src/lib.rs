//! Fuzzing: what may be fed to a parser, what is fed to it, and what counts as a finding.
//!
//! [`TARGETS`] names everything that takes bytes of strangers. `tests/short.rs` runs each a few thousand times on
//! inputs made from a fixed seed; `src/bin/fuzz.rs` is the same under libFuzzer, guided by coverage, for as long as
//! `scripts/fuzz` is told.

pub mod form;
pub mod mutate;
pub mod seeds;
mod statements;
mod targets;
pub mod watch;
mod wire;

pub use targets::{TARGETS, Target, target};
pub use watch::{Finding, run};

/// More than any input of a few thousand bytes may ask for, the fuzzer's own needs included. Beyond it the
/// process is ended, which is a finding.
const MEMORY: usize = 512 << 20;

#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, MEMORY);
