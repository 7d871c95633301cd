//! Linux's means to confine a process.

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

/// The first descriptor above the standard streams.
const FIRST: libc::c_uint = 3;
/// Descriptors handled one by one where the kernel cannot address them all at once (before Linux 5.9 or 5.11).
const OLD_KERNELS: libc::c_int = 4096;

/// Makes the memory and the environment of this process unreadable to other processes of its user, and keeps its
/// children from inheriting the descriptors it inherited itself. Every start of a child calls it.
pub fn hide() {
    static HIDDEN: Once = Once::new();
    HIDDEN.call_once(|| {
        // This call cannot fail; `apply` checks from the child whether it worked.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).ok();
        if close_range(libc::CLOSE_RANGE_CLOEXEC).is_err() {
            for descriptor in 3..OLD_KERNELS {
                // SAFETY: sets a flag that matters only to exec, on whatever is open under the number.
                #[expect(unsafe_code, reason = "inherited descriptors, known by number only")]
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
            // SAFETY: this process has opened nothing yet, so none of its code owns the descriptor.
            #[expect(unsafe_code, reason = "inherited descriptors, known by number only")]
            unsafe {
                libc::close(descriptor)
            };
        }
    }
}

fn close_range(flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: takes numbers only. Without flags, which closes, it is called before this process opens anything.
    #[expect(unsafe_code, reason = "neither std nor rustix provides this call")]
    let outcome = unsafe { libc::syscall(libc::SYS_close_range, FIRST, libc::c_uint::MAX, flags) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Ends this process when `parent`, the process that forked it, ends. Called between fork and exec: system calls only.
pub fn end_with(parent: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The parent may have ended before the signal was requested.
    if getppid() == Some(parent) { Ok(()) } else { Err(io::Error::from(io::ErrorKind::BrokenPipe)) }
}

pub fn ends_with_parent() -> Result<(), String> {
    match parent_process_death_signal() {
        Ok(Some(Signal::KILL)) => Ok(()),
        _ => Err("it was not requested when the process was started".to_owned()),
    }
}

pub fn hide_memory() -> Result<(), String> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| error.to_string())?;
    let parent = getppid().map_or(0, |parent| parent.as_raw_nonzero().get());
    let environment = PathBuf::from(format!("/proc/{parent}/environ"));
    // Root could still read it now; the privileges dropped in the next layer hide it.
    if rustix::process::geteuid().is_root() || std::fs::read(environment).is_err() {
        return Ok(());
    }
    Err("the environment of its parent can be read".to_owned())
}

pub fn drop_privileges() -> Result<(), String> {
    try_drop_privileges().map_err(|error| error.to_string())
}

/// Drops all capabilities. May be called between fork and exec.
pub fn try_drop_privileges() -> io::Result<()> {
    set_no_new_privs(true)?;
    let none = CapabilitySet::empty();
    Ok(set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?)
}

/// The layers applied to a foreign program between fork and exec. Created before, since nothing may be allocated there.
#[derive(Debug)]
pub struct Seal {
    rules: Option<::landlock::RulesetCreated>,
    filter: Option<seccompiler::BpfProgram>,
}

impl Seal {
    /// Creates a seal for a program that may read and execute `readable`.
    pub fn new(readable: &[PathBuf]) -> Self {
        Self {
            rules: landlock::reading(readable).ok(),
            filter: seccomp::without_processes_and_sockets().ok(),
        }
    }

    /// Applies the layers that the system supports.
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
