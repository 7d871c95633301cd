//! `riffle watch`: imports files that appear in a folder, each version of each file once.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use riffle_local_adapters::{Deposit, DepositError, Deposited};
use riffle_scan::Links;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use walkdir::{DirEntry, WalkDir};

use crate::cli::WatchArgs;
use crate::error::CommandError;
use crate::import::account_name;
use crate::outcome::{self, Awaited, FileEnd, FileOutcome, Pipeline};
use crate::platform::{Platform, TENANT};
use crate::words::{self, say};

/// The maximum and the minimum pause between two scans of the folder.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const SHORTEST_PAUSE: Duration = Duration::from_millis(20);
/// Extensions of files that are still being written.
const UNFINISHED: [&str; 4] = ["part", "crdownload", "download", "tmp"];

pub async fn run(arguments: WatchArgs) -> Result<ExitCode, CommandError> {
    let problem = |why: &str| CommandError::new(format!("{}: {why}", arguments.dir.display()));
    let dir =
        arguments.dir.canonicalize().map_err(|error| problem(&words::path_problem(&error, "folder")))?;
    if !dir.is_dir() {
        return Err(problem("not a folder"));
    }
    let account = arguments.account.as_deref().map(account_name).transpose()?;
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Files)?);
    // Listen before anything begins, so that no Ctrl-C is missed.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let pumps = platform.start(&arguments.machine).await;
    say(&format!("watching {} (press Ctrl-C to stop)", dir.display()));
    let settle = Duration::from_millis(arguments.settle);
    let pause = settle.clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
    let mut watcher = Watcher {
        pipeline: Pipeline::new(&platform),
        platform,
        dir,
        account,
        json: arguments.json,
        settle: settle.as_millis().div_ceil(pause.as_millis()),
        seen: HashMap::new(),
        awaited: Vec::new(),
        first: true,
    };
    let (stop, mut stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.send_replace(true);
    });
    let outcome = loop {
        if let Err(problem) = watcher.look(&stopped).await {
            break Err(problem);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopped.wait_for(|stopped| *stopped) => break Ok(ExitCode::SUCCESS),
        }
    };
    // Work in progress is finished; the rest continues at the next start.
    pumps.stop().await;
    watcher.report_finished().await?;
    outcome
}

struct Watcher {
    platform: Arc<Platform>,
    pipeline: Pipeline,
    dir: PathBuf,
    account: Option<String>,
    json: bool,
    /// The number of scans of the folder during which a file must be unchanged.
    settle: u128,
    seen: HashMap<PathBuf, FileStatus>,
    awaited: Vec<Awaited>,
    first: bool,
}

/// A file of the folder.
struct FileStatus {
    /// Size and modification time.
    stamp: String,
    /// The number of scans of the folder since the file has this stamp.
    looks: u128,
    /// No work is left for this file.
    settled: bool,
    /// The last error printed for this file, so that it is not printed again.
    reported: Option<String>,
}

impl Watcher {
    /// Imports new files until the process is to stop, and reports finished ones.
    async fn look(&mut self, stopped: &watch::Receiver<bool>) -> Result<(), CommandError> {
        let files = self.files();
        self.seen.retain(|path, _| files.contains_key(path));
        for (path, stamp) in files {
            if *stopped.borrow() {
                return Ok(());
            }
            let settled = match self.seen.get_mut(&path) {
                Some(seen) if seen.stamp == stamp => {
                    seen.looks += 1;
                    seen.settled || seen.looks < self.settle
                }
                _ => {
                    let seen = FileStatus { stamp, looks: 0, settled: false, reported: None };
                    self.seen.insert(path.clone(), seen);
                    // A file that was imported before needs no time to settle.
                    !self.platform.statements.inbox.knows(&path).await.unwrap_or_default()
                }
            };
            if !settled {
                self.take(&path).await?;
            }
        }
        self.first = false;
        self.report_finished().await
    }

    /// Returns the current files with their size and time.
    fn files(&self) -> BTreeMap<PathBuf, String> {
        let walk =
            WalkDir::new(&self.dir).into_iter().filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
        let file = |entry: DirEntry| {
            // A link counts as its target.
            let metadata = std::fs::metadata(entry.path()).ok().filter(std::fs::Metadata::is_file)?;
            let time = metadata.modified().ok()?;
            Some((entry.into_path(), format!("{} {time:?}", metadata.len())))
        };
        // An entry that cannot be listed now may be listed by the next scan.
        walk.filter_map(Result::ok).filter_map(file).collect()
    }

    /// Imports a file that has settled, unless it was imported before.
    async fn take(&mut self, path: &Path) -> Result<(), CommandError> {
        let shown = path.strip_prefix(&self.dir).unwrap_or(path).display().to_string();
        let inbox = &self.platform.statements.inbox;
        if inbox.knows(path).await.unwrap_or_default() {
            // If the last process was killed, it may not have reported the result.
            if self.first
                && let Some(object) = inbox.deposited(path).await?
            {
                let awaited = Awaited::new(shown, &object);
                if !self.pipeline.item(&awaited.id).await?.is_some_and(|item| Pipeline::is_done(&item)) {
                    self.awaited.push(awaited);
                }
            }
            self.settled(path);
            return Ok(());
        }
        let deposit = Deposit {
            key: inbox.fresh_key(TENANT),
            path: path.to_owned(),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()),
            account: self.account.clone(),
            most: riffle_statements::MAX_BYTES,
        };
        match inbox.deposit(&deposit, true).await {
            Ok(Deposited::Placed(object)) => self.awaited.push(Awaited::new(shown, &object)),
            Ok(Deposited::Before) => {}
            // The file has not settled after all: it is checked again.
            Err(DepositError::Changed) => return Ok(()),
            Err(error) => {
                let why = error.to_string();
                let seen = self.seen.get_mut(path);
                let new = seen.is_none_or(|seen| seen.reported.replace(why.clone()).as_ref() != Some(&why));
                // Printed once; the file may be readable at the next scan.
                return if new {
                    self.print(&FileOutcome { file: shown, end: FileEnd::Unread(why) })
                } else {
                    Ok(())
                };
            }
        }
        self.settled(path);
        Ok(())
    }

    fn settled(&mut self, path: &Path) {
        if let Some(seen) = self.seen.get_mut(path) {
            seen.settled = true;
        }
    }

    /// Reports files that have reached their end.
    async fn report_finished(&mut self) -> Result<(), CommandError> {
        if self.awaited.is_empty() {
            return Ok(());
        }
        // Check `is_idle` first: if nothing was in progress and the file is still not done, it will never be done.
        let idle = self.pipeline.is_idle().await?;
        for awaited in std::mem::take(&mut self.awaited) {
            let item = self.pipeline.item(&awaited.id).await?;
            if item.as_ref().is_some_and(Pipeline::is_done) || idle {
                self.print(&FileOutcome { file: awaited.file, end: outcome::end(item) })?;
            } else {
                self.awaited.push(awaited);
            }
        }
        Ok(())
    }

    fn print(&self, outcome: &FileOutcome) -> Result<(), CommandError> {
        let mut out = std::io::stdout().lock();
        if self.json {
            writeln!(out, "{}", outcome.summary()?)?;
        } else {
            for row in outcome.rows() {
                writeln!(out, "{}", row.join("\t"))?;
            }
            for remark in outcome.remarks() {
                say(&format!("{}: {remark}", words::line(&outcome.file)));
            }
        }
        out.flush()?;
        Ok(())
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let written = Path::new(entry.file_name()).extension().and_then(|extension| extension.to_str());
    name.starts_with('.')
        || name.starts_with("~$")
        || (entry.file_type().is_file() && written.is_some_and(|written| UNFINISHED.contains(&written)))
}
