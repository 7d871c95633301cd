//! Opens the page in the browser if the program was started at a terminal of a desktop.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::platform;

/// A file in the state folder that redirects to the address. Other users of the machine can see the arguments of a
/// program, so the address with its token is in this file instead of an argument.
const FILE: &str = "open.html";

/// Removes the file when dropped.
pub struct RedirectFile(PathBuf);

impl Drop for RedirectFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::debug!(%error, "{} was not removed", self.0.display());
        }
    }
}

/// Opens the page. `None` if it was not opened; the address has been printed before.
pub fn page(address: &str, state: &Path) -> Option<RedirectFile> {
    let desktop = cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| platform::variable(name).is_some());
    if !desktop || !io::stderr().is_terminal() {
        return None;
    }
    let path = state.join(FILE);
    let opened = write(&path, address).map(|()| RedirectFile(path.clone())).and_then(|opened| {
        let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        // It needs the user's environment, and may outlive this program.
        #[expect(
            clippy::disallowed_methods,
            reason = "a program of the user's desktop, not a child that this program controls"
        )]
        let mut command = Command::new(program);
        command.arg(&path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        std::thread::spawn(move || child.wait());
        Ok(opened)
    });
    opened.inspect_err(|error| tracing::debug!(%error, "the page was not opened")).ok()
}

fn write(path: &Path, address: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    write!(
        file,
        "<!doctype html><title>Riffle</title><meta http-equiv=\"refresh\" content=\"0;url={address}\">"
    )
}
