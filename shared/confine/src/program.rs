//! A program to start.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::getpid;

use crate::limits::ProcessLimits;
use crate::linux::{self, Seal};
use crate::running::RunningProgram;
use crate::spawner;

/// Where programs and the files they need are installed.
const SYSTEM: [&str; 8] =
    ["/usr", "/bin", "/lib", "/lib64", "/etc", "/opt", "/nix/store", "/home/linuxbrew/.linuxbrew"];

/// A program with an empty environment, in the root folder, and with nothing on its standard streams.
#[derive(Debug)]
pub struct Program {
    command: Command,
    limits: ProcessLimits,
    /// Paths a foreign program may read; `None` for a program of Riffle's own.
    readable: Option<Vec<PathBuf>>,
}

impl Program {
    /// Creates a program of Riffle's own, which confines itself: see [`crate::apply_all`].
    pub fn ours(program: &Path, limits: ProcessLimits) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the only place where processes are started")]
        let mut command = Command::new(program);
        command.env_clear().current_dir("/").process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { command, limits, readable: None }
    }

    /// Creates a program that is not part of Riffle, looked up in `PATH`. It can start no process and no thread, use no
    /// network, write no file, and read only the folders of the system and its own.
    ///
    /// # Errors
    /// Fails if the program is not installed.
    pub fn foreign(name: &str, limits: ProcessLimits) -> io::Result<Self> {
        let path = find(name).ok_or(io::ErrorKind::NotFound)?;
        // `/opt/tesseract/bin/tesseract`, for example, has its data in `/opt/tesseract/share`.
        let real = path.canonicalize()?;
        let own = real
            .parent()
            .map(|folder| folder.parent().filter(|above| *above != Path::new("/")).unwrap_or(folder));
        let readable = SYSTEM.into_iter().map(Path::new).chain(own).map(Path::to_owned).collect();
        Ok(Self { readable: Some(readable), ..Self::ours(&path, limits) })
    }

    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Passes on environment variables of this process that hold paths, where they are set, and lets the program read
    /// those paths.
    #[must_use]
    pub fn keep_paths(mut self, names: &[&str]) -> Self {
        for name in names {
            let Some(value) = variable(name) else { continue };
            if let Some(readable) = &mut self.readable {
                readable.extend(std::env::split_paths(&value).filter(|path| path.is_absolute()));
            }
            self.command.env(name, value);
        }
        self
    }

    #[must_use]
    pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
        self.command.stdin(stdin);
        self
    }

    #[must_use]
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    #[must_use]
    pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    /// Fails if the program cannot be started.
    pub fn spawn(self) -> io::Result<RunningProgram> {
        let Self { mut command, limits, readable } = self;
        linux::hide();
        let (parent, mut seal) = (getpid(), readable.map(|readable| Seal::new(&readable)));
        let prepare = move || {
            linux::end_with(parent)?;
            limits.apply()?;
            if let Some(seal) = &mut seal {
                seal.put_on();
            }
            Ok(())
        };
        // SAFETY: between fork and exec, `prepare` only makes system calls, on values made before, and allocates
        // nothing.
        #[expect(
            unsafe_code,
            reason = "limits must hold from the first instruction of a program that sets none itself"
        )]
        unsafe {
            command.pre_exec(prepare)
        };
        spawner::spawn(command).map(RunningProgram::new)
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

#[expect(clippy::disallowed_methods, reason = "the caller names the variables a child gets")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
