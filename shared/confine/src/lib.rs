//! Child processes that can do no more than their work.
//!
//! [`Program`] is the one way to start a process; `clippy.toml` forbids the others. Whatever is started has limits, an
//! environment of named variables only, no descriptors but its standard streams, a process group that is killed whole,
//! and ends with its parent. A program that is not ours is confined before it runs ([`Program::foreign`]). One that is
//! ours confines itself more tightly, once it has what it needs: [`close_inherited`] comes first, [`apply`] last.
//!
//! Each layer is applied where the system has it. A missing one is reported and never keeps a program from starting.

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
pub use limits::Limits;
pub use linux::hide;
pub use program::Program;
pub use run::{Budget, Finished, RunError};
pub use running::Running;
