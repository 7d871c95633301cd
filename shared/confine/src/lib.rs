//! Child processes that can do nothing beyond their work.
//!
//! [`Program`] is the only way to start a process; `clippy.toml` forbids the others. Every child has limits, an
//! environment of named variables only, no descriptors except its standard streams, a process group that is killed as
//! a whole, and ends with its parent. A program that is not part of Riffle is confined before it runs
//! ([`Program::foreign`]). A program of Riffle's own confines itself more tightly, after opening all it needs: it calls
//! [`close_inherited`] first and [`apply`] last.
//!
//! Each layer is applied where the system supports it. A missing layer is reported and never keeps a program from
//! starting.

mod layers;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod linux;
mod program;
mod run;
mod running;
mod spawner;

pub use layers::{Applied, Layer, apply, apply_all, close_inherited};
pub use limits::ProcessLimits;
pub use linux::hide;
pub use program::Program;
pub use run::{Budget, FinishedProgram, RunError};
pub use running::RunningProgram;
