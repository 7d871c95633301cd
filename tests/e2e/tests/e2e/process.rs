//! The binary as a process: its arguments, its output, its exit code.

#![expect(clippy::disallowed_methods, reason = "the test subject is a process")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use crate::deadline::{PATIENCE, until};

/// Returns `target/<profile>/riffle`, next to the folder of this test's own executable.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this test");
    let profile = own.parent().and_then(|deps| deps.parent()).expect("target/<profile>");
    let binary = profile.join("riffle");
    assert!(binary.is_file(), "{} is missing; build it first: cargo build -p riffle", binary.display());
    binary
}

/// Returns a command line of `riffle` without the settings of the user who runs the tests.
pub fn riffle(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments);
    for name in [
        "RIFFLE_TOKEN",
        "LOCAL_STORAGE_PATH",
        "RUST_LOG",
        "XDG_DATA_HOME",
        "DRIVE_ENDPOINT",
        "DRIVE_FOLDER_ID",
        "PROCESSING_MODE",
    ] {
        command.env_remove(name);
    }
    command.env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> ProcessExit {
    Process::start(&mut riffle(arguments)).ended()
}

/// A running `riffle`. It does not outlive the test.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pub out: OutputLines,
    pub err: OutputLines,
}

/// The exit code of a process and its output until then.
#[derive(Debug)]
pub struct ProcessExit {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    /// Lines that had not been read before.
    pub out: Vec<String>,
    pub err: String,
}

/// The lines of one output stream, received as they are written.
#[derive(Debug)]
pub struct OutputLines(Mutex<Receiver<String>>);

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("riffle starts");
        let out = OutputLines::of(child.stdout.take().expect("its output"));
        let err = OutputLines::of(child.stderr.take().expect("its errors"));
        Self { child, out, err }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process with `kill -9`; its earlier output can still be read.
    pub fn kill(mut self) -> ProcessExit {
        self.child.kill().expect("kill -9");
        self.ended()
    }

    /// Sends Ctrl-C.
    pub fn interrupt(&self) {
        let status =
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().expect("kill -INT");
        assert!(status.success());
    }

    pub fn ended(mut self) -> ProcessExit {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        while let Some(line) = self.out.next() {
            out.push(line);
        }
        while let Some(line) = self.err.next() {
            err.push(line);
        }
        let child = &mut self.child;
        let status = until("riffle ends", || child.try_wait().expect("its state"));
        ProcessExit { code: status.code(), out, err: err.join("\n") }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

impl OutputLines {
    fn of(output: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if line.ends_with(b"\n") {
                    line.pop();
                }
                let text = String::from_utf8(std::mem::take(&mut line)).expect("output is UTF-8");
                if sender.send(text).is_err() {
                    break;
                }
            }
        });
        Self(Mutex::new(lines))
    }

    /// Returns the next line; `None` at the end of the output.
    pub fn next(&self) -> Option<String> {
        match self.0.lock().expect("no reader panicked").recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("riffle prints nothing and does not end"),
        }
    }
}

impl ProcessExit {
    /// Returns the message of a process that must have ended with the exit code for "could not run".
    pub fn refusal(&self) -> &str {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.out, Vec::<String>::new(), "nothing was found");
        assert!(self.err.starts_with("riffle: "), "{}", self.err);
        &self.err
    }
}
