//! A child at work.

#![expect(clippy::disallowed_methods, reason = "a process is given real time, not the clock's")]

use std::io;
use std::process::{Child, ChildStderr, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// A started program. When it is dropped, it and all it has started are killed.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
    ended: Option<ExitStatus>,
}

impl Running {
    pub(crate) fn new(child: Child) -> Self {
        Self { child, ended: None }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where its error output was piped.
    pub fn stderr(&mut self) -> Option<&mut ChildStderr> {
        self.child.stderr.as_mut()
    }

    /// Waits for its end, `most` at the longest.
    ///
    /// # Errors
    /// It cannot be waited for.
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

    /// Kills it with all it has started, and says how it ended: by this, or before.
    ///
    /// # Errors
    /// It cannot be waited for.
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        if let Some(status) = self.ended {
            return Ok(status);
        }
        // As long as nobody has waited for it, its number is no other's.
        if let Some(group) = self.pid() {
            kill_process_group(group, Signal::KILL).ok();
        }
        let status = self.child.wait()?;
        self.ended = Some(status);
        Ok(status)
    }

    /// Whether it has ended, without taking note of it: what it has started may live on under its number.
    fn has_ended(&self) -> io::Result<bool> {
        let Some(pid) = self.pid().filter(|_| self.ended.is_none()) else { return Ok(true) };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        Ok(waitid(WaitId::Pid(pid), look)?.is_some())
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // No process entry is left, and nobody can do more about an error.
        self.kill().ok();
    }
}
