//! Parsers in processes of their own.
//!
//! Files come from strangers, and some kill the parser that opens them. So each is parsed in a child: the same
//! program, started anew and kept warm, that reads one file at a time under limits on memory, time, output and
//! open files. It is handed the file's open descriptor and no environment, and what it says is checked. A child
//! that dies, overruns or talks nonsense costs its one file; the next file gets a fresh child.

mod child;
mod pdfium;
mod pool;
mod wire;

use std::ffi::OsStr;
use std::process::ExitCode;

pub use pdfium::{Pdfium, PdfiumError};
pub use pool::{Listener, Pool, Settings};

/// The argument that makes a program a sandbox. Followed by the address space it may use, in bytes, and where it may
/// use pdfium, by where its library lies.
pub const ARGUMENT: &str = "parse-files-for-riffle";

/// To be called first thing in `main`: in a process that was started as a sandbox it serves, and gives what
/// `main` is to return. It must come before any thread is started.
pub fn main() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(ARGUMENT)) {
        return None;
    }
    let memory = arguments.next().and_then(|memory| memory.to_str()?.parse().ok());
    let pdfium = arguments.next();
    Some(memory.map_or_else(child::refuse, |memory| child::serve(memory, pdfium)))
}
