//! What Linux has to confine a process with.

pub mod landlock;
pub mod seccomp;

use std::io;
use std::path::PathBuf;
use std::sync::Once;

use rustix::process::{
    DumpableBehavior, Pid, Signal, getppid, parent_process_death_signal, set_dumpable_behavior,
    set_parent_process_death_signal,
};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};

/// Above the standard streams.
const FIRST: libc::c_uint = 3;
/// Descriptors looked at one by one where the kernel cannot name them all at once (before Linux 5.9 or 5.11).
const OLD_KERNELS: libc::c_int = 4096;

/// Makes the memory and the environment of this process unreadable to others of its user, and what it has inherited
/// no inheritance of its children. Every start of a child sees to it.
pub fn hide() {
    static HIDDEN: Once = Once::new();
    HIDDEN.call_once(|| {
        // It cannot fail, and `apply` asks from the child's side whether it worked.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
        if close_range(libc::CLOSE_RANGE_CLOEXEC).is_err() {
            for descriptor in 3..OLD_KERNELS {
                // SAFETY: sets a flag that matters to exec alone, on whatever is open under the number.
                #[expect(unsafe_code, reason = "descriptors of others, known by number only")]
                unsafe {
                    libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC)
                };
            }
        }
    });
}

pub fn close_inherited() {
    if close_range(0).is_err() {
        for descriptor in 3..OLD_KERNELS {
            // SAFETY: nothing was opened yet, so the descriptor is nobody's here.
            #[expect(unsafe_code, reason = "descriptors of others, known by number only")]
            unsafe {
                libc::close(descriptor)
            };
        }
    }
}

fn close_range(flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: takes numbers only. Without flags it is called before this process opens anything.
    #[expect(unsafe_code, reason = "neither std nor rustix has it")]
    let outcome = unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, flags) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Between fork and exec: system calls only. `parent` is who forked.
pub fn end_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have ended before the signal was asked for.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
}

pub fn ends_with_parent() -> Result<(), String> {
    match parent_process_death_signal() {
        Ok(Some(Signal::KILL)) => Ok(()),
        _ => Err("it was not asked for when the process was started".to_owned()),
    }
}

pub fn hide_memory() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())?;
    let parent = getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    let environment = PathBuf::from(format!("/proc/{parent}/environ"));
    // For root it is the missing privileges that hide it, which come next.
    if rustix::process::geteuid().is_root() || std::fs::read(environment).is_err() {
        return Ok(());
    }
    Err("the environment of its parent can be read".to_owned())
}

pub fn drop_privileges() -> Result<(), String> {
    try_drop_privileges().map_err(|error| error.to_string())
}

/// May be called between fork and exec.
pub fn try_drop_privileges() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}

/// What is put on a program of others between fork and exec. Made before, since nothing may be allocated there.
#[derive(Debug)]
pub struct Seal {
    rules: Option<::landlock::RulesetCreated>,
    filter: Option<seccompiler::BpfProgram>,
}

impl Seal {
    /// `readable` is what it may read and execute.
    pub fn new(readable: &[PathBuf]) -> Self {
        Self {
            rules: landlock::reading(readable).ok(),
            filter: seccomp::without_processes_and_sockets().ok(),
        }
    }

    /// Puts on what the system has.
    pub fn put_on(&mut self) {
        try_drop_privileges().ok();
        if let Some(rules) = self.rules.take() {
            rules.restrict_self().ok();
        }
        if let Some(filter) = &self.filter {
            seccompiler::apply_filter(filter).ok();
        }
    }
}
