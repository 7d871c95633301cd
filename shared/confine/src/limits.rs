//! What the kernel counts for a child.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a child may use. It starts no processes and leaves no core files.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Address space, in bytes. Not counted on macOS.
    pub memory: u64,
    /// Processor time of its whole life, in seconds. It is killed at the end of it.
    pub cpu: u64,
    /// Size of a file it writes, in bytes.
    pub file: u64,
    pub open_files: u64,
}

impl Limits {
    /// Called between fork and exec: makes system calls and nothing else.
    pub(crate) fn apply(self) -> io::Result<()> {
        lower(Resource::Core, 0)?;
        lower(Resource::Fsize, self.file)?;
        lower(Resource::Cpu, self.cpu)?;
        lower(Resource::Nofile, self.open_files)?;
        // Counted for all processes of a user together, so any number but none would depend on what else runs.
        lower(Resource::Nproc, 0)?;
        // Last: what this very process has mapped may be more already.
        if cfg!(target_os = "linux") { lower(Resource::As, self.memory) } else { Ok(()) }
    }

    /// Whether the limits of this process were set.
    pub(crate) fn are_set() -> bool {
        let is_limited = |resource| getrlimit(resource).maximum.is_some();
        [Resource::Cpu, Resource::Fsize, Resource::Nproc].into_iter().all(is_limited)
            && (!cfg!(target_os = "linux") || is_limited(Resource::As))
    }
}

/// A limit that is lower already, or that the person who runs Riffle has set lower, stays.
fn lower(resource: Resource, limit: u64) -> io::Result<()> {
    let limit = Some(getrlimit(resource).maximum.map_or(limit, |most| most.min(limit)));
    setrlimit(resource, Rlimit { current: limit, maximum: limit }).map_err(io::Error::from)
}
