//! Hostile samples: files that no program should choke on, each made to test one problem.
//!
//! Bombs, loops, false claims, deep nesting, strange names. All are made here, none is a third party's file, and
//! together they take some tens of megabytes. Readers should find [`CODE`] in them.

mod archives;
mod bomb;
mod names;
mod pdfs;
mod sheets;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use crate::SamplesError;

/// The code in every hostile sample that can be read.
pub const CODE: &str = "HOLE-1";

/// The expected result of a scan. In any case the scan must end soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// It is read, and the code is found.
    Found,
    /// It fails, with a reason for the owner of the file.
    Fails,
    /// Either of these, or it is read in part.
    Ends,
    /// It is not a file and is skipped.
    Passed,
}

/// The content at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostileContent {
    Bytes(Vec<u8>),
    /// Bytes in a file that no user has permission to read.
    Denied(Vec<u8>),
    /// A link to this path.
    Link(&'static str),
    /// A pipe without a writer.
    Pipe,
}

/// A hostile sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hostile {
    /// Relative path, of a folder and a name.
    pub name: PathBuf,
    pub content: HostileContent,
    pub expect: Expect,
}

impl Hostile {
    fn new(name: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>, expect: Expect) -> Self {
        Self { name: name.into(), content: HostileContent::Bytes(bytes.into()), expect }
    }

    fn found(name: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name, bytes, Expect::Found)
    }

    fn fails(name: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name, bytes, Expect::Fails)
    }

    fn ends(name: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name, bytes, Expect::Ends)
    }
}

/// Returns all hostile samples.
pub fn hostile() -> Vec<Hostile> {
    let mut all = pdfs::all();
    all.extend(sheets::all());
    all.extend(texts::all());
    all.extend(archives::all());
    all.extend(names::all());
    let cut: Vec<Hostile> = all.iter().flat_map(truncated).collect();
    all.extend(cut);
    all
}

/// Returns copies of healthy samples that are cut off in the middle and before the end.
fn truncated(sample: &Hostile) -> Vec<Hostile> {
    let HostileContent::Bytes(bytes) = &sample.content else { return Vec::new() };
    let name = sample.name.to_string_lossy();
    if !name.starts_with("healthy/") {
        return Vec::new();
    }
    let cut = |length: usize, how: &str| {
        Hostile::ends(name.replace("healthy/", &format!("truncated/{how}-")), &bytes[..length])
    };
    vec![
        cut(1, "first"),
        cut(bytes.len() / 2, "half"),
        cut(bytes.len() * 9 / 10, "most"),
        cut(bytes.len() - 1, "nearly"),
    ]
}

/// Writes all hostile samples below `dir` and returns those that were written: some file systems refuse some names.
///
/// # Errors
/// [`SamplesError::Exists`] if `dir` already exists, and every error of the file system except a refused name.
pub fn write_hostile(dir: &Path) -> Result<Vec<Hostile>, SamplesError> {
    if dir.exists() {
        return Err(SamplesError::Exists(dir.to_owned()));
    }
    let mut written = Vec::new();
    for sample in hostile() {
        let path = dir.join(&sample.name);
        let io = |source| SamplesError::Io { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        if put(&path, &sample.content).map_err(io)? {
            written.push(sample);
        }
    }
    Ok(written)
}

/// Writes one sample. Returns `false` where the file system cannot have it.
fn put(path: &Path, content: &HostileContent) -> std::io::Result<bool> {
    match content {
        HostileContent::Bytes(bytes) => named(fs::write(path, bytes)),
        HostileContent::Denied(bytes) => {
            let written = named(fs::write(path, bytes))?;
            #[cfg(unix)]
            if written {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(path, fs::Permissions::from_mode(0o000))?;
            }
            Ok(written)
        }
        #[cfg(unix)]
        HostileContent::Link(target) => named(std::os::unix::fs::symlink(target, path)),
        #[cfg(not(unix))]
        HostileContent::Link(_) => Ok(false),
        #[cfg(target_os = "linux")]
        HostileContent::Pipe => {
            let (kind, mode) = (rustix::fs::FileType::Fifo, rustix::fs::Mode::from_raw_mode(0o600));
            Ok(rustix::fs::mknodat(rustix::fs::CWD, path, kind, mode, 0).is_ok())
        }
        #[cfg(not(target_os = "linux"))]
        HostileContent::Pipe => Ok(false),
    }
}

fn named(outcome: std::io::Result<()>) -> std::io::Result<bool> {
    use std::io::ErrorKind::{InvalidFilename, InvalidInput};
    match outcome {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), InvalidFilename | InvalidInput) => Ok(false),
        Err(error) => Err(error),
    }
}
