//! The platform on one machine: the ports, the functions that use them, and the pumps that feed the functions.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use riffle_drive_adapter::Drive;
use riffle_local_adapters::{
    LocalConnections, LocalFolders, LocalLedger, LocalNotifier, LocalObjects, LocalQueues, LocalTexts,
    LocalTokens, LocalUploads, Observer, Pumps, Store, Tesseract, Timings,
};
use riffle_ports::{Clock, ListedAt, PortError, Quotas, ScanLedger, Session, SessionId, TextCache};
use riffle_reader::sandbox::{self, Pdfium, PdfiumError, Pool};
use riffle_reader::{Parser, Reader};
use riffle_runtime::{DeadLetterService, RandomIds, RecordClassifier, Registry, SystemClock};
use riffle_scan::codes::ReaderCodes;
use riffle_scan::{
    Dispatcher, Links, PageViews, ReaderPages, ReaderSearch, Scan, ScanPorts, ScanSettings, Sources, Tickets,
    Uploads, Worker,
};
use riffle_topology::{self as topology, RIFFLE, Trigger};

use crate::cli::Machine;
use crate::error::{self, CommandError};
use crate::measured::Uploaded;
use crate::statements::LocalStatements;

/// The only tenant on this machine.
pub const TENANT: &str = "local";

/// The number of sessions to request at a time.
const SESSIONS_PAGE: u32 = 1_000;

/// The interval at which the platform removes uploads that never arrived.
const TIDY_EVERY: Duration = Duration::from_hours(1);

/// The maximum number of pages drawn at once, each in a process of up to 512 MiB.
const PAGES_AT_ONCE: usize = 1;

/// Everything that one process runs.
pub struct Platform {
    pub ledger: LocalLedger,
    pub objects: LocalObjects,
    pub queues: LocalQueues,
    pub notifier: LocalNotifier,
    pub connections: LocalConnections,
    pub tickets: Tickets,
    pub clock: Arc<dyn Clock>,
    pub functions: ClientFunctions,
    /// The functions that queues feed, and the sweepers.
    pub registry: Registry,
    pub dead_letters: DeadLetterService,
    pub source: Arc<Sources>,
    pub uploads: LocalUploads,
    pub ocr: Arc<Tesseract>,
    pub pages: PageViews,
    pub statements: LocalStatements,
    pub timings: Timings,
}

/// The dependencies of the functions that clients call.
pub struct ClientFunctions {
    pub connect: websocket_connect::ConnectDeps,
    pub disconnect: websocket_disconnect::DisconnectDeps,
    pub default: websocket_default::DefaultDeps,
    pub scan: Scan,
}

impl Platform {
    /// Opens the state folder and builds the functions on it. Nothing runs yet.
    pub fn open(machine: &Machine, links: Links) -> Result<Self, CommandError> {
        let dir = state_dir(machine.state.as_deref())?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store =
            Store::open(&dir, Arc::clone(&clock)).map_err(|error| CommandError::new(error.to_string()))?;
        if let Some(lost) = store.lost() {
            error::print_warning(lost);
        }
        let notifier = LocalNotifier::default();
        let open = LocalConnections::default();
        let connections = Arc::new(open.clone());
        let ports = ScanPorts {
            ledger: Arc::new(store.ledger()),
            objects: Arc::new(store.objects()),
            queue: Arc::new(store.queues()),
            connections: connections.clone(),
            notifier: Arc::new(notifier.clone()),
            clock: Arc::clone(&clock),
            ids: Arc::new(RandomIds),
            // Calls cost nothing on this machine.
            meter: Arc::default(),
        };
        let uploads = LocalUploads::open(&dir, Arc::clone(&clock), Arc::new(RandomIds)).map_err(|error| {
            CommandError::new(format!("cannot use the uploads in {}: {error}", dir.display()))
        })?;
        let timings = Timings::default();
        let statements =
            LocalStatements::new(&store, &uploads, &clock, &timings, machine.processing_mode.into());
        let tokens = Arc::new(LocalTokens::new(Arc::clone(&clock)));
        let drive = riffle_drive_adapter::DriveSettings {
            endpoint: machine.drive.endpoint.clone(),
            ..riffle_drive_adapter::DriveSettings::default()
        };
        let drive = Drive::new(drive, tokens.clone()).map_err(CommandError::new)?;
        let source = Arc::new(Sources {
            folders: Some(Arc::new(LocalFolders::default())),
            prefixes: None,
            drive: Some(Arc::new(drive)),
            uploads: Uploads {
                objects: Arc::new(store.objects()),
                storage: Arc::new(uploads.clone()),
                ids: Arc::new(RandomIds),
                limits: riffle_scan::limits(),
                quotas: Quotas::none(),
            },
        });
        let ocr = Arc::new(Tesseract::new(&machine.ocr_languages));
        let reader = reader(machine, &dir, Arc::clone(&clock), Arc::clone(&ocr))?;
        let reader = Arc::new(reader);
        // Pictures for a report are drawn by the same reader that read its files.
        let crops = Arc::new(ReaderPages::new(Arc::clone(&reader), jobs(machine)));
        let scan = Scan::new(ports, settings(machine, links))
            .with_code_files(Arc::new(code_files(machine)))
            .with_pictures(source.clone(), crops)
            .with_tokens(tokens)
            .with_uploads(Arc::new(uploads.clone()));
        let pages = PageViews::new(scan.clone(), source.clone(), Arc::new(drawing(machine)?));
        let functions = ClientFunctions {
            connect: websocket_connect::ConnectDeps {
                connections: connections.clone(),
                clock: Arc::clone(&clock),
            },
            disconnect: websocket_disconnect::DisconnectDeps { connections: connections.clone() },
            default: websocket_default::DefaultDeps { scan: scan.clone(), connections },
            scan: scan.clone(),
        };
        let worker =
            Worker { scan: scan.clone(), source: source.clone(), search: Arc::new(ReaderSearch(reader)) };
        let mut registry = Registry::new(RIFFLE);
        riffle_functions::bind_scan(
            &mut registry,
            &Dispatcher { scan: scan.clone(), source: source.clone() },
            &worker,
        );
        riffle_functions::bind_statements(&mut registry, &statements.processor);
        let dead_letters = dead_letters(&store, &scan, &statements);
        Ok(Self {
            ledger: store.ledger(),
            objects: store.objects(),
            queues: store.queues(),
            notifier,
            connections: open,
            tickets: Tickets {
                store: Arc::new(store.tickets()),
                clock: Arc::clone(&clock),
                ids: Arc::new(RandomIds),
            },
            clock,
            functions,
            registry,
            dead_letters,
            source,
            uploads,
            ocr,
            pages,
            statements,
            timings,
        })
    }

    /// Returns every session, newest first.
    pub async fn sessions(&self) -> Result<Vec<Session>, PortError> {
        let mut sessions: Vec<Session> = Vec::new();
        loop {
            let after = sessions.last().map(ListedAt::from);
            let page = self.ledger.sessions(TENANT, after.as_ref(), SESSIONS_PAGE).await?;
            let last = page.len() < SESSIONS_PAGE as usize;
            sessions.extend(page);
            if last {
                return Ok(sessions);
            }
        }
    }

    /// Starts the work, with the open sessions of earlier runs first.
    pub async fn start(self: &Arc<Self>, machine: &Machine) -> Pumps {
        if let Err(error) = self.statements.inbox.recover().await {
            tracing::error!(%error, "could not recover the uploads of the last run; the next start tries \
                                     again");
        }
        let platform = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TIDY_EVERY).await;
                let Some(platform) = platform.upgrade() else { return };
                if let Err(error) = platform.statements.inbox.tidy().await {
                    tracing::warn!(%error, "could not remove uploads that were never received; trying again \
                                            later");
                }
            }
        });
        // Opening the state put all in-flight messages back into their queues, so a message that is in no queue is
        // lost.
        let is_named = async |id: &SessionId| self.queues.holds(topology::scan::DISPATCH, id.as_ref()).await;
        if let Err(failure) = self.functions.scan.revive(is_named).await {
            tracing::warn!(%failure, "could not resume open scans; the sweep will");
        }
        let (timings, clock, uploaded) = (self.timings.clone(), Arc::clone(&self.clock), Uploaded::default());
        let observer: Observer = Arc::new(move |consumer, message| {
            // Time spent between functions is measured where their work is done.
            if consumer.trigger != Trigger::Queue {
                uploaded.measure(&timings, consumer, message, clock.now());
            }
        });
        // The sandbox limits how many files are parsed at once.
        let jobs = u32::try_from(jobs(machine)).unwrap_or(u32::MAX);
        Pumps::start(&self.queues, &self.registry, jobs, &observer)
    }
}

fn dead_letters(store: &Store, scan: &Scan, statements: &LocalStatements) -> DeadLetterService {
    DeadLetterService {
        dead: Arc::new(store.dead_letters()),
        classifiers: vec![
            (topology::scan::NAME, Arc::new(scan.clone())),
            (topology::statements::NAME, Arc::new(statements.flow().clone())),
        ],
        fallback: Arc::new(RecordClassifier { records: Arc::new(store.records()) }),
        single_tenant: true,
    }
}

/// Returns the settings that differ because one process is the whole platform.
fn settings(machine: &Machine, links: Links) -> ScanSettings {
    ScanSettings {
        folders_allowed: true,
        drive_folder: machine.drive.folder.clone(),
        links,
        // Only this process reads a quarantined file: an attempt that is recorded already was made by a process that is
        // dead.
        attempt: std::time::Duration::ZERO,
        // A person, not the file, may have killed that process.
        retrying_deliveries: 3,
        // A finisher has no rival either: a lease that exists was held by a process that is dead.
        lease: std::time::Duration::ZERO,
        // And no invocation ends it after some minutes.
        drawing: std::time::Duration::from_mins(10),
        // Files are open, not in memory; the sandbox limits how many are parsed at once.
        files_at_once: RIFFLE.queue(topology::scan::WORK).map_or(1, |work| work.queue.batch as usize),
        ..ScanSettings::default()
    }
}

fn jobs(machine: &Machine) -> usize {
    machine
        .jobs
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from)
}

fn reader(
    machine: &Machine,
    dir: &Path,
    clock: Arc<dyn Clock>,
    ocr: Arc<Tesseract>,
) -> Result<Reader, CommandError> {
    let parser = if machine.in_process {
        if machine.pdfium.is_some() {
            return Err(CommandError::new(
                "pdfium is loaded only in a sandbox: omit --pdfium or --in-process",
            ));
        }
        Parser::InProcess(riffle_extract::ReadLimits::default())
    } else {
        let pdfium = pdfium(machine)?;
        let pool =
            Pool::new(sandbox::SandboxSettings { children: jobs(machine), pdfium, ..Default::default() });
        pool.check().map_err(|error| without_pdfium(&error))?;
        Parser::Sandbox(pool)
    };
    let cache: Option<Arc<dyn TextCache>> = if machine.no_cache {
        None
    } else {
        let texts = LocalTexts::open(dir, machine.cache_size << 20, clock).map_err(|error| {
            CommandError::new(format!(
                "cannot open the text cache in {}: {error}; use --no-cache to run without it",
                dir.display()
            ))
        })?;
        Some(Arc::new(texts))
    };
    Ok(Reader { parser, cache, ocr: Some(ocr) })
}

fn pdfium(machine: &Machine) -> Result<Option<Pdfium>, CommandError> {
    machine.pdfium.as_deref().map(Pdfium::at).transpose().map_err(|error| without_pdfium(&error))
}

/// Returns what draws pages for people: a sandbox apart from those of the scans, so that viewing a page never waits for
/// a scan. The page is also read there, so this sandbox has the same parsers as the scans.
fn drawing(machine: &Machine) -> Result<ReaderPages, CommandError> {
    let parser = if machine.in_process {
        Parser::InProcess(riffle_extract::ReadLimits::default())
    } else {
        let (children, pdfium) = (PAGES_AT_ONCE, pdfium(machine)?);
        Parser::Sandbox(Pool::new(sandbox::SandboxSettings { children, pdfium, ..Default::default() }))
    };
    Ok(ReaderPages::new(Arc::new(Reader { parser, cache: None, ocr: None }), PAGES_AT_ONCE))
}

/// Returns what reads lists of codes: a sandbox apart from those of the scans.
pub fn code_files(machine: &Machine) -> ReaderCodes {
    let parser = if machine.in_process {
        Parser::InProcess(riffle_extract::ReadLimits::default())
    } else {
        Parser::Sandbox(Pool::new(sandbox::SandboxSettings::of_lists()))
    };
    ReaderCodes::new(Reader { parser, cache: None, ocr: None })
}

#[expect(clippy::disallowed_methods, reason = "the only place that reads where a user's data is")]
pub fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Returns the user's home folder, or the root if there is none.
pub fn home() -> PathBuf {
    variable("HOME").filter(|home| home.is_dir()).unwrap_or_else(|| PathBuf::from("/"))
}

pub fn without_pdfium(error: &PdfiumError) -> CommandError {
    CommandError::new(format!(
        "{error}; give the path of libpdfium.so with --pdfium or RIFFLE_PDFIUM, or run without pdfium"
    ))
}

pub fn state_dir(given: Option<&Path>) -> Result<PathBuf, CommandError> {
    if let Some(dir) = given {
        return Ok(dir.to_owned());
    }
    variable("XDG_DATA_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("riffle"))
        .ok_or_else(|| {
            CommandError::new("cannot determine the state folder: set it with --state or LOCAL_STORAGE_PATH")
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    #[tokio::test]
    async fn every_queue_and_sweeper_of_the_topology_has_its_function() {
        let dir = tempfile::tempdir().expect("a folder");
        let state = dir.path().to_str().expect("UTF-8");
        let words = ["riffle", "serve", "--in-process", "--no-cache", "--state", state];
        let Command::Serve(mut serve) = Cli::parse_from(words).command else { panic!("a command") };
        // The environment of the test run may name one.
        serve.machine.pdfium = None;
        let platform = Platform::open(&serve.machine, Links::Files).expect("a platform");
        assert_eq!(platform.registry.unbound(), [""; 0]);
    }
}
