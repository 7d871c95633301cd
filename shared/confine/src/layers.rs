//! The layers of confinement around a child process, and which of them the system supports.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::ProcessLimits;
use crate::linux;

/// A layer of confinement. Layers overlap on purpose: where a kernel lacks one, another blocks part of the same
/// accesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Limits on memory, processor time, files and processes. Set when the process is started.
    Limits,
    /// The process ends with its parent. Set when the process is started.
    Parent,
    /// Neither its memory nor its parent's can be read by processes of the same user.
    Memory,
    /// The process has no capabilities and cannot gain any. Without them the other layers also hold for root.
    Privileges,
    /// Landlock: the process can open no path, reach no TCP port, and signal or trace no process outside.
    Landlock,
    /// seccomp: only the system calls needed to compute and to use the open descriptors.
    Seccomp,
}

impl Layer {
    /// All layers, in the order in which they are applied.
    pub const ALL: [Self; 6] =
        [Self::Limits, Self::Parent, Self::Memory, Self::Privileges, Self::Landlock, Self::Seccomp];
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Limits => "limits",
            Self::Parent => "the end with its parent",
            Self::Memory => "unreadable memory",
            Self::Privileges => "no privileges",
            Self::Landlock => "Landlock",
            Self::Seccomp => "seccomp",
        })
    }
}

/// The outcome of applying a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub layer: Layer,
    /// Why the layer is missing, if it is.
    pub missing: Option<String>,
}

/// Closes all descriptors except the standard streams. Call it before anything is opened.
pub fn close_inherited() {
    linux::close_inherited();
}

/// Applies every layer to this process, or checks that it was applied when the process was started. Call it before
/// a thread is started, and after everything needed from outside is open or loaded.
pub fn apply_all() -> Vec<Applied> {
    Layer::ALL.into_iter().map(|layer| Applied { layer, missing: apply(layer).err() }).collect()
}

/// Applies one layer.
///
/// # Errors
/// Returns the reason if the system does not support the layer.
pub fn apply(layer: Layer) -> Result<(), String> {
    match layer {
        Layer::Limits if ProcessLimits::are_set() => Ok(()),
        Layer::Limits => Err("they were not set when it was started".to_owned()),
        Layer::Parent => linux::ends_with_parent(),
        Layer::Memory => linux::hide_memory(),
        Layer::Privileges => linux::drop_privileges(),
        Layer::Landlock => linux::landlock::deny_all(),
        Layer::Seccomp => linux::seccomp::allow_parsing(),
    }
}
