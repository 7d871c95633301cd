//! Fuzzing: the targets, their inputs, and the definition of a finding.
//!
//! [`TARGETS`] has everything that reads untrusted bytes. `tests/short.rs` runs each target a few thousand times on
//! inputs made from a fixed seed; `src/bin/fuzz.rs` runs the same under libFuzzer, guided by coverage, for as long as
//! `scripts/fuzz` requests.

pub mod form;
pub mod mutate;
pub mod seeds;
mod statements;
mod targets;
pub mod watch;
mod wire;

pub use targets::{TARGETS, Target, target};
pub use watch::{Finding, run};

/// Bytes of memory, more than any input of a few thousand bytes may need, including the fuzzer's own memory. A process
/// that needs more is ended, which is a finding.
const MEMORY: usize = 512 << 20;

#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, MEMORY);
