//! Resource limits that the kernel enforces for a child process.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The resources a child process may use. It can start no processes and leaves no core files.
#[derive(Debug, Clone, Copy)]
pub struct ProcessLimits {
    /// Address space, in bytes. Not limited on macOS.
    pub memory: u64,
    /// Processor time over its whole life, in seconds. The kernel kills the process when it is used up.
    pub cpu: u64,
    /// Size of any file it writes, in bytes.
    pub file: u64,
    pub open_files: u64,
}

impl ProcessLimits {
    /// Sets the limits. Called between fork and exec, so it makes system calls and nothing else.
    pub(crate) fn apply(self) -> io::Result<()> {
        lower(Resource::Core, 0)?;
        lower(Resource::Fsize, self.file)?;
        lower(Resource::Cpu, self.cpu)?;
        lower(Resource::Nofile, self.open_files)?;
        // The kernel counts processes per user, so any limit other than 0 would depend on what else the user runs.
        lower(Resource::Nproc, 0)?;
        // Last, because this process may have mapped more than the limit already.
        if cfg!(target_os = "linux") { lower(Resource::As, self.memory) } else { Ok(()) }
    }

    /// Returns whether the limits of this process were set.
    pub(crate) fn are_set() -> bool {
        let is_limited = |resource| getrlimit(resource).maximum.is_some();
        [Resource::Cpu, Resource::Fsize, Resource::Nproc].into_iter().all(is_limited)
            && (!cfg!(target_os = "linux") || is_limited(Resource::As))
    }
}

/// Lowers a limit. A limit that is already lower, for instance because the operator set it, stays.
fn lower(resource: Resource, limit: u64) -> io::Result<()> {
    let limit = Some(getrlimit(resource).maximum.map_or(limit, |most| most.min(limit)));
    setrlimit(resource, Rlimit { current: limit, maximum: limit }).map_err(io::Error::from)
}
