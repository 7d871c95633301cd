//! A running child process.

#![expect(clippy::disallowed_methods, reason = "a process is limited in real time, not the injected clock's")]

use std::io;
use std::process::{Child, ChildStderr, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// A started program. Dropping it kills the program and every process in its group.
#[derive(Debug)]
pub struct RunningProgram {
    pub(crate) child: Child,
    ended: Option<ExitStatus>,
}

impl RunningProgram {
    pub(crate) fn new(child: Child) -> Self {
        Self { child, ended: None }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the error output, if it was piped.
    pub fn stderr(&mut self) -> Option<&mut ChildStderr> {
        self.child.stderr.as_mut()
    }

    /// Waits for the program to end, for at most `most`; returns `None` if it still runs.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for.
    pub fn wait(&mut self, most: Duration) -> io::Result<Option<ExitStatus>> {
        let since = Instant::now();
        loop {
            if self.has_ended()? {
                return self.kill().map(Some);
            }
            if since.elapsed() >= most {
                return Ok(None);
            }
            sleep(Duration::from_millis(1));
        }
    }

    /// Kills the program and its process group, and returns how the program ended: by this or earlier.
    ///
    /// # Errors
    /// Fails if the process cannot be waited for.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended {
            return Ok(status);
        }
        // Until the process is waited for, the kernel gives its number to no other process.
        if let Some(group) = self.pid() {
            kill_process_group(group, Signal::KILL).ok();
        }
        let status = self.child.wait()?;
        self.ended = Some(status);
        Ok(status)
    }

    /// Returns whether the process has ended, without reaping it: processes it started may live on in the group that
    /// bears its number.
    fn has_ended(&self) -> io::Result<bool> {
        let Some(pid) = self.pid().filter(|_| self.ended.is_none()) else { return Ok(true) };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(pid), look)?.is_some())
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // `kill` also reaps the process, so no entry is left in the process table; an error cannot be handled here.
        self.kill().ok();
    }
}
