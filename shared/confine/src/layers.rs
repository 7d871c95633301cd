//! The layers around a child of ours, and which of them the system has.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::linux;

/// One layer. They overlap on purpose: where a kernel lacks one, another holds part of what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// Memory, processor time, files, processes. Set when it is started.
    Limits,
    /// It ends with its parent. Set when it is started.
    Parent,
    /// Neither its memory nor its parent's can be read by processes of the same user.
    Memory,
    /// No capabilities, and none to be gained. Without them the other layers hold for root too.
    Privileges,
    /// Landlock: no path can be opened, no TCP port reached, no process outside be signalled or traced.
    Landlock,
    /// seccomp: no system calls but those that computing and the open descriptors take.
    Seccomp,
}

impl Layer {
    /// In the order in which they are applied.
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

/// What became of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub layer: Layer,
    /// Why it is missing, if it is.
    pub missing: Option<String>,
}

/// Closes all descriptors but the standard streams. To be called before anything is opened.
pub fn close_inherited() {
    linux::close_inherited();
}

/// Applies every layer to this process, or checks that it was applied when the process was started. To be called before
/// a thread is started, and when all that is needed from outside is open or loaded.
pub fn apply_all() -> Vec<Applied> {
    Layer::ALL.into_iter().map(|layer| Applied { layer, missing: apply(layer).err() }).collect()
}

/// Applies one layer.
///
/// # Errors
/// Why the system does not have it.
pub fn apply(layer: Layer) -> Result<(), String> {
    match layer {
        Layer::Limits if Limits::are_set() => Ok(()),
        Layer::Limits => Err("they were not set when it was started".to_owned()),
        Layer::Parent => linux::ends_with_parent(),
        Layer::Memory => linux::hide_memory(),
        Layer::Privileges => linux::drop_privileges(),
        Layer::Landlock => linux::landlock::deny_all(),
        Layer::Seccomp => linux::seccomp::allow_parsing(),
    }
}
