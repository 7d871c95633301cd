//! Parsers in separate processes.
//!
//! Files come from strangers, and some crash the parser that opens them. So each file is parsed in a child process: the
//! same program, started again and kept warm, which reads one file at a time under limits on memory, time, output and
//! open files, and can do nothing but compute (`riffle_confine`). The child receives the file's open descriptor and no
//! environment, and its output is checked. A child that crashes, exceeds a limit or sends invalid output fails only
//! its current file; the next file gets a fresh child.

mod child;
mod pdfium;
mod pool;
mod wire;

use std::ffi::OsStr;
use std::process::ExitCode;

use rustix::net::sockopt::socket_type;

pub use pdfium::{Pdfium, PdfiumError};
pub use pool::{Listener, Pool, SandboxSettings};

/// The argument that makes a program a sandbox. The path of pdfium's library follows it, if pdfium may be used.
pub const ARGUMENT: &str = "parse-files-for-riffle";

/// Serves files if this process was started as a sandbox, and then returns the exit code for `main` to return. Call it
/// first in `main`, before any thread is started.
pub fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    let pdfium = arguments.next();
    // Started by hand, the process has no client to serve.
    Some(if socket_type(std::io::stdin()).is_ok() { child::serve(pdfium) } else { child::refuse() })
}
