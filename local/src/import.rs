//! `riffle import`: imports statements and reports the result of each.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use riffle_contracts::http_statements::StatementPhase;
use riffle_local_adapters::{Deposit, Deposited};
use riffle_scan::Links;
use riffle_statements::Filter;

use crate::cli::ImportArgs;
use crate::error::CommandError;
use crate::outcome::{Awaited, COLUMNS, FileEnd, FileOutcome, FileVerdict, Pipeline, table};
use crate::platform::{Platform, TENANT};
use crate::words::{self, say};

/// The exit code if a file was not processed.
const NOT_ALL: u8 = 1;
/// The exit code if all files were processed and a person should review some.
const REVIEW: u8 = 3;
/// The number of transactions to request at a time.
const PAGE: usize = 5_000;

pub async fn run(arguments: ImportArgs) -> Result<ExitCode, CommandError> {
    let account = arguments.account.as_deref().map(account_name).transpose()?;
    let files = given(&arguments.files)?;
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Files)?);
    let pumps = platform.start(&arguments.machine).await;
    let outcome = tokio::select! {
        outcome = import(&platform, files, account.as_deref(), arguments.json) => outcome,
        interrupt = tokio::signal::ctrl_c() => {
            interrupt?;
            Err(CommandError::interrupted(
                "stopped; to continue with the files in the inbox, run the same command again or riffle \
                 serve",
            ))
        }
    };
    pumps.stop().await;
    outcome
}

async fn import(
    platform: &Arc<Platform>,
    files: Vec<(String, Result<PathBuf, String>)>,
    account: Option<&str>,
    json: bool,
) -> Result<ExitCode, CommandError> {
    let bar = bar(json);
    let pipeline = Pipeline::new(platform);
    let (mut outcomes, mut awaited) = (Vec::new(), Vec::new());
    for (given, path) in files {
        bar.set_message(format!("Reading {}", words::line(&given)));
        let placed = match path {
            Ok(path) => place(platform, &pipeline, &given, &path, account).await?,
            Err(why) => Err(why),
        };
        // Keep a place for each file, to be filled in when the file is done.
        match placed {
            Ok(one) => {
                awaited.push(one);
                outcomes.push(None);
            }
            Err(why) => outcomes.push(Some(FileOutcome { file: given, end: FileEnd::Unread(why) })),
        }
    }
    let all = awaited.len();
    let ended =
        pipeline.end(&awaited, |done, rows| bar.set_message(format!("{done} of {all} files, {rows} rows")));
    let mut ended = ended.await?.into_iter();
    bar.finish_and_clear();
    let outcomes: Vec<FileOutcome> =
        outcomes.into_iter().filter_map(|outcome| outcome.or_else(|| ended.next())).collect();
    if json {
        as_json(platform, &outcomes).await?;
    } else {
        for_people(&outcomes)?;
    }
    let verdicts = || outcomes.iter().map(FileOutcome::verdict);
    Ok(if verdicts().any(|verdict| verdict == FileVerdict::Not) {
        ExitCode::from(NOT_ALL)
    } else if verdicts().any(|verdict| verdict == FileVerdict::Review) {
        ExitCode::from(REVIEW)
    } else {
        ExitCode::SUCCESS
    })
}

/// Checks an account name by the rules of the API.
pub fn account_name(account: &str) -> Result<String, CommandError> {
    let account = account.trim();
    let fits = !account.is_empty()
        && account.len() <= riffle_ports::TransactionKey::MAX_ACCOUNT
        && !account.contains(char::is_control);
    if fits {
        return Ok(account.to_owned());
    }
    Err(CommandError::new("an account name must have 1 to 128 bytes and no control characters"))
}

/// A file as the user named it, and its path or why it cannot be read.
type NamedPath = (String, Result<PathBuf, String>);

/// Returns the absolute path of each file, or why it has none.
fn given(files: &[PathBuf]) -> Result<Vec<NamedPath>, CommandError> {
    let look = |file: &PathBuf| -> Result<_, CommandError> {
        let name = file.display().to_string();
        if file.is_dir() {
            return Err(CommandError::new(format!(
                "{name} is a folder: give its files instead, or use riffle watch"
            )));
        }
        Ok((name, file.canonicalize().map_err(|error| words::path_problem(&error, "file"))))
    };
    files.iter().map(look).collect()
}

/// Puts a file into the inbox, unless an interrupted import has already put it there.
async fn place(
    platform: &Platform,
    pipeline: &Pipeline,
    given: &str,
    path: &Path,
    account: Option<&str>,
) -> Result<Result<Awaited, String>, CommandError> {
    let inbox = &platform.statements.inbox;
    if let Some(object) = inbox.deposited(path).await? {
        let earlier = Awaited::new(given.to_owned(), &object);
        let waits = match pipeline.item(&earlier.id).await? {
            // The flow has still to record the file, unless it has given it up.
            None => !pipeline.is_idle().await?,
            Some(item) => matches!(item.detail, StatementPhase::Received | StatementPhase::Processing),
        };
        if waits {
            say(&format!("{}: resuming an interrupted import", words::line(given)));
            return Ok(Ok(earlier));
        }
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let key = inbox.fresh_key(TENANT);
    let (path, account) = (path.to_owned(), account.map(str::to_owned));
    let deposit = Deposit { key, path, name, account, most: riffle_statements::MAX_BYTES };
    match inbox.deposit(&deposit, false).await {
        Ok(Deposited::Placed(object)) => Ok(Ok(Awaited::new(given.to_owned(), &object))),
        Ok(Deposited::Before) => Ok(Err("it was imported before".to_owned())),
        Err(error) => Ok(Err(error.to_string())),
    }
}

async fn as_json(platform: &Platform, outcomes: &[FileOutcome]) -> Result<(), CommandError> {
    for outcome in outcomes {
        if let FileEnd::Recorded(item) = &outcome.end {
            let filter = Filter { file: Some(riffle_ports::FileId(item.id.clone())), ..Filter::default() };
            let mut after = None;
            loop {
                let queries = &platform.statements.queries;
                let page = queries.transactions(TENANT, &filter, after.as_deref(), PAGE).await;
                let page = page.map_err(|error| CommandError::new(error.to_string()))?;
                let mut out = std::io::BufWriter::new(std::io::stdout().lock());
                for transaction in page.transactions {
                    let new = transaction.file == item.id;
                    let mut line = serde_json::to_value(transaction)
                        .map_err(|error| CommandError::new(error.to_string()))?;
                    line["type"] = "TRANSACTION".into();
                    // No earlier file has this transaction.
                    line["new"] = new.into();
                    writeln!(out, "{line}")?;
                }
                out.flush()?;
                match page.next_cursor {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        writeln!(std::io::stdout().lock(), "{}", outcome.summary()?)?;
    }
    Ok(())
}

fn for_people(outcomes: &[FileOutcome]) -> Result<(), CommandError> {
    let rows: Vec<[String; COLUMNS.len()]> = outcomes.iter().flat_map(FileOutcome::rows).collect();
    let mut out = std::io::stdout().lock();
    if out.is_terminal() {
        write!(out, "{}", table(&rows))?;
    } else {
        for row in rows {
            writeln!(out, "{}", row.join("\t"))?;
        }
    }
    for outcome in outcomes {
        for remark in outcome.remarks() {
            say(&format!("{}: {remark}", words::line(&outcome.file)));
        }
    }
    Ok(())
}

/// Returns a progress bar, shown only on a terminal.
fn bar(json: bool) -> ProgressBar {
    if json || !std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let style =
        ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}
