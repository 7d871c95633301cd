//! Running a program with input until it ends with output.

#![expect(clippy::disallowed_methods, reason = "a process is limited in real time, not the injected clock's")]

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::ioctl_fionbio;

use crate::program::Program;

/// Bytes of error output that are kept; the rest is read and dropped.
const ERRORS_KEPT: usize = 16 << 10;
const PIECE: usize = 64 << 10;

/// The time and output a run of a program may take.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Wall-clock time, because a program that waits uses no processor time.
    pub wall: Duration,
    /// Bytes of output.
    pub output: usize,
}

/// The result of a program that ended.
#[derive(Debug)]
pub struct FinishedProgram {
    pub status: ExitStatus,
    /// Whether the program read all of its input.
    pub took_all: bool,
    pub output: Vec<u8>,
    /// The beginning of its error output.
    pub errors: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it did not end within {} s", .0.as_secs())]
    OutOfTime(Duration),
    #[error("its output has more than {0} bytes")]
    TooMuchOutput(usize),
}

impl Program {
    /// Runs the program to its end. No process of it survives, whatever the outcome. Input, output and error output are
    /// moved concurrently: if the caller waited on one while the program waited on another, both would deadlock.
    ///
    /// # Errors
    /// Fails if the program cannot be started or exceeds its budget.
    pub fn run(self, input: &[u8], budget: Budget) -> Result<FinishedProgram, RunError> {
        let deadline = Instant::now() + budget.wall;
        let mut running = self.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let child = &mut running.child;
        let (mut to, mut out, mut err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        for pipe in
            [to.as_ref().map(AsFd::as_fd), out.as_ref().map(AsFd::as_fd), err.as_ref().map(AsFd::as_fd)]
        {
            pipe.map_or(Ok(()), |pipe| ioctl_fionbio(pipe, true)).map_err(io::Error::from)?;
        }
        let (mut rest, mut output, mut errors) = (input, Vec::new(), Vec::new());
        let mut piece = vec![0; PIECE];
        while out.is_some() || err.is_some() {
            if !wait(to.as_ref(), out.as_ref(), err.as_ref(), deadline)? {
                return Err(RunError::OutOfTime(budget.wall));
            }
            if let Some(pipe) = &mut to {
                match pipe.write(rest) {
                    Ok(written) => rest = &rest[written..],
                    Err(error) if is_passing(&error) => {}
                    // The program reads no more input.
                    Err(_) => to = None,
                }
                if rest.is_empty() {
                    to = None;
                }
            }
            if let Some(read) = read(&mut out, &mut piece)? {
                if output.len() + read > budget.output {
                    return Err(RunError::TooMuchOutput(budget.output));
                }
                output.extend_from_slice(&piece[..read]);
            }
            if let Some(read) = read(&mut err, &mut piece)? {
                errors.extend_from_slice(&piece[..read.min(ERRORS_KEPT - errors.len())]);
            }
        }
        drop(to);
        let left = deadline.saturating_duration_since(Instant::now());
        let status = running.wait(left)?.ok_or(RunError::OutOfTime(budget.wall))?;
        Ok(FinishedProgram { status, took_all: rest.is_empty(), output, errors })
    }
}

/// Waits until a pipe is ready; returns false at the deadline.
fn wait(
    to: Option<&impl AsFd>,
    out: Option<&impl AsFd>,
    err: Option<&impl AsFd>,
    deadline: Instant,
) -> io::Result<bool> {
    let mut pipes = Vec::with_capacity(3);
    pipes.extend(to.map(|pipe| PollFd::new(pipe, PollFlags::OUT)));
    pipes.extend(out.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    pipes.extend(err.map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        match poll(&mut pipes, Timespec::try_from(left).ok().as_ref()) {
            Ok(0) | Err(rustix::io::Errno::INTR) => {}
            Ok(_) => return Ok(true),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Reads the bytes that a pipe holds now. Sets the pipe to `None` at its end.
fn read(pipe: &mut Option<impl Read>, piece: &mut [u8]) -> io::Result<Option<usize>> {
    let Some(from) = pipe else { return Ok(None) };
    match from.read(piece) {
        Ok(0) => {
            *pipe = None;
            Ok(None)
        }
        Ok(read) => Ok(Some(read)),
        Err(error) if is_passing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
