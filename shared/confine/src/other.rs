//! Stand-ins for systems without Linux's facilities: only limits, process groups and an empty environment hold there.

use std::io;
use std::path::PathBuf;

use rustix::process::Pid;

const NOT_HERE: &str = "only Linux has it";

pub fn hide() {}

/// Does nothing: exec closes what std and our libraries open, and inherited descriptors are left to the parent.
pub fn close_inherited() {}

#[expect(clippy::unnecessary_wraps, reason = "the Linux version can fail")]
pub fn end_with(_parent: Pid) -> io::Result<()> {
    Ok(())
}

pub fn ends_with_parent() -> Result<(), String> {
    Err(NOT_HERE.to_owned())
}

pub fn hide_memory() -> Result<(), String> {
    Err(NOT_HERE.to_owned())
}

pub fn drop_privileges() -> Result<(), String> {
    Err(NOT_HERE.to_owned())
}

pub mod landlock {
    pub fn deny_all() -> Result<(), String> {
        Err(super::NOT_HERE.to_owned())
    }
}

pub mod seccomp {
    pub fn allow_parsing() -> Result<(), String> {
        Err(super::NOT_HERE.to_owned())
    }
}

#[derive(Debug)]
pub struct Seal;

impl Seal {
    pub fn new(_readable: &[PathBuf]) -> Self {
        Self
    }

    pub fn put_on(&mut self) {}
}
