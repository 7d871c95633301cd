//! Parsers in processes of their own.
//!
//! Files come from strangers, and some kill the parser that opens them. So each is parsed in a child: the same
//! program, started anew and kept warm, that reads one file at a time under limits on memory, time, output and
//! open files, and can do nothing but compute (`riffle_confine`). It is handed the file's open descriptor and no
//! environment, and what it says is checked. A child that dies, overruns or talks nonsense costs its one file; the
//! next file gets a fresh child.

mod child;
mod pdfium;
mod pool;
mod wire;

use std::ffi::OsStr;
use std::process::ExitCode;

use rustix::net::sockopt::socket_type;

pub use pdfium::{Pdfium, PdfiumError};
pub use pool::{Listener, Pool, Settings};

/// The argument that makes a program a sandbox. Followed, where it may use pdfium, by where its library lies.
pub const ARGUMENT: &str = "parse-files-for-riffle";

/// To be called first thing in `main`: in a process that was started as a sandbox it serves, and gives what
/// `main` is to return. It must come before any thread is started.
pub fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    let pdfium = arguments.next();
    // Started by hand it has nobody to serve.
    Some(if socket_type(std::io::stdin()).is_ok() { child::serve(pdfium) } else { child::refuse() })
}
