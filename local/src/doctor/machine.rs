//! Checks of what the platform needs besides its state: parsers, OCR, the page and a port.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use riffle_contracts::http::Health;
use riffle_extract::{Sink, Unit};
use riffle_local_adapters::Tesseract;
use riffle_reader::sandbox::{self, Pdfium, PdfiumError, Pool};
use riffle_reader::{Parser, Reader, SourceFile, TextSink};

use crate::cli::{DoctorArgs, Machine};
use crate::doctor::check::{Checks, Level};
use crate::platform::{self, TENANT};
use crate::serve;

/// A file to parse, to check that a parser can be started.
const SAMPLE: &[u8] = b"HOLE-1 is here\n";
const CODE: &str = "HOLE-1";
/// How long the process that listens on the port may take to identify itself.
const ANSWER: Duration = Duration::from_secs(3);

const SANDBOX: &str = "sandbox";
const LAYERS: &str = "sandbox layers";
const PORT: &str = "port";

pub async fn check(arguments: &DoctorArgs, checks: &mut Checks) {
    sandboxed(checks);
    layers(checks);
    ocr(&arguments.machine, checks);
    pdfium(&arguments.machine, checks);
    page(checks);
    port(arguments, checks).await;
}

fn pool(pdfium: Option<Pdfium>) -> Pool {
    Pool::new(sandbox::SandboxSettings { children: 1, pdfium, ..Default::default() })
}

fn sandboxed(checks: &mut Checks) {
    let reader = Reader { parser: Parser::Sandbox(pool(None)), cache: None, ocr: None };
    let source_file =
        SourceFile { name: "sample.txt", tenant: TENANT, identity: "sample", version: "1", ocr: false };
    let mut collected = ReadText::default();
    let read = reader.read(&source_file, &Bytes::from_static(SAMPLE), &mut collected);
    let read = read.map_err(|error| error.to_string());
    let outcome = read.and_then(|ended| ended.outcome.map_err(|error| error.to_string()));
    match outcome {
        Ok(_) if collected.0.contains(CODE) => checks.ok(SANDBOX, "a parser was started and read a sample"),
        Ok(_) => checks.problem(SANDBOX, "a parser returned the wrong text for a sample", BUILD_AGAIN),
        Err(why) => checks.problem(SANDBOX, format!("no parser could read a sample: {why}"), PROCESSES),
    }
}

/// Checks the layers of the sandbox that confine a parser. A missing layer stops nothing.
fn layers(checks: &mut Checks) {
    let layers = match pool(None).layers() {
        Ok(layers) => layers,
        Err(error) => return checks.problem(LAYERS, format!("could not be determined: {error}"), PROCESSES),
    };
    let (missing, held): (Vec<_>, Vec<_>) = layers.into_iter().partition(|layer| layer.missing.is_some());
    let held = held.iter().map(|applied| applied.layer.to_string()).collect::<Vec<_>>().join(", ");
    if missing.is_empty() {
        return checks.ok(LAYERS, format!("all: {held}"));
    }
    let missing = missing
        .iter()
        .map(|applied| format!("{} ({})", applied.layer, applied.missing.as_deref().unwrap_or_default()));
    let missing = missing.collect::<Vec<_>>().join(", ");
    checks.warning(LAYERS, format!("missing: {missing}; active: {held}"), LESS_CONFINED);
}

const LESS_CONFINED: &str = "files are still read; on an important machine, read files from untrusted \
                             sources only with Linux 5.13 or later, Landlock and seccomp (docs/security.md)";
const BUILD_AGAIN: &str = "build or download riffle again: this copy is damaged";
const PROCESSES: &str = "riffle starts itself again for each parser, in 512 MB of address space: check that \
                         /proc is mounted and that processes and memory are available (ulimit -u, ulimit -v)";

fn ocr(machine: &Machine, checks: &mut Checks) {
    let languages = &machine.ocr_languages;
    match Tesseract::new(languages).find() {
        Ok(version) => checks.ok("OCR", format!("{version}, languages {languages}")),
        Err(why) => {
            checks.warning("OCR", why, "without OCR, pictures and scanned pages are listed as unread");
        }
    }
}

fn pdfium(machine: &Machine, checks: &mut Checks) {
    let Some(path) = &machine.pdfium else { return };
    let loaded = || -> Result<(), PdfiumError> { pool(Some(Pdfium::at(path)?)).check() };
    match loaded() {
        Ok(()) => checks.ok("pdfium", format!("{} can be loaded", path.display())),
        Err(error) => checks.says(Level::Problem, "pdfium", platform::without_pdfium(&error).to_string()),
    }
}

fn page(checks: &mut Checks) {
    if serve::page_is_built() {
        checks.ok("page", "built into this program");
    } else {
        checks.warning(
            "page",
            "not built into this program; riffle scan does not need it",
            "run scripts/dashboard, then compile again",
        );
    }
}

async fn port(arguments: &DoctorArgs, checks: &mut Checks) {
    let listen = arguments.listen;
    match tokio::net::TcpListener::bind(listen).await {
        Ok(_) => checks.ok(PORT, format!("{listen} is free")),
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
            checks.warning(PORT, format!("{listen}: {error}"), "choose another address with --listen");
        }
        Err(_) if answers(listen, &arguments.machine).await => {
            checks.ok(PORT, format!("riffle serve answers at http://{listen}"));
        }
        Err(_) => checks.warning(
            PORT,
            format!("{listen} is in use by another program, or by a riffle serve with another token"),
            "choose another address with --listen",
        ),
    }
}

/// Whether a riffle listens on the address: it answers without a token or with the one of the state folder.
async fn answers(address: SocketAddr, machine: &Machine) -> bool {
    let token =
        platform::state_dir(machine.state.as_deref()).ok().and_then(|state| serve::known_token(&state));
    let ask = async || {
        let client = riffle_drive_adapter::http().timeout(ANSWER).no_proxy().build()?;
        client
            .get(format!("http://{address}/api/health"))
            .bearer_auth(token.as_deref().unwrap_or_default())
            .send()
            .await?
            .error_for_status()?
            .json::<Health>()
            .await
    };
    ask().await.is_ok()
}

#[derive(Default)]
struct ReadText(String);

impl Sink for ReadText {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0 += unit.text;
    }
}

impl TextSink for ReadText {
    fn restart(&mut self) {
        self.0.clear();
    }
}
