//! `riffle scan`: a client of the platform in the same process.

mod codes;
mod follow;
mod output;
mod resume;
mod retry;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use riffle_contracts::{Action, FrameBody, MatchMode, OcrMode, Options, StartScan, Summary};
use riffle_ports::{Ids, ObjectStore, ScanLedger, SessionId};
use riffle_scan::matching::CodeList;
use riffle_scan::{Links, keys, stored_codes};

use crate::cli::{MatchOption, OcrOption, ScanArgs};
use crate::client::LocalClient;
use crate::error::CommandError;
use crate::platform::{self, Platform, TENANT};
use crate::words;

pub use retry::named;

pub async fn run(arguments: ScanArgs) -> Result<ExitCode, CommandError> {
    let asked = match &arguments.retry {
        None => {
            let files = platform::code_files(&arguments.machine);
            Ok((folders(&arguments.dirs)?, codes::read(&files, &arguments.codes).await?))
        }
        Some(earlier) => Err(earlier),
    };
    if let Some(report) = &arguments.report {
        check_writable(report)?;
    }
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Files)?);
    let plan = match asked {
        Err(earlier) => ScanPlan::retry(&platform, earlier).await?,
        Ok((folders, (codes, notes))) => {
            ScanPlan::scan(&platform, &arguments, folders, &codes, notes).await?
        }
    };
    let client = LocalClient::connect(Arc::clone(&platform), TENANT).await?;
    let pumps = platform.start(&arguments.machine).await;
    let mut output = output::ScanOutput::new(&arguments, plan.roots);
    for note in plan.hints {
        output.hint(&note);
    }
    if arguments.ocr == OcrOption::Auto
        && let Err(why) = platform.ocr.find()
    {
        output.note(&format!("running without OCR: {why}. Pages that contain only pictures stay unread"));
    }
    for note in plan.notes {
        output.note(&note);
    }
    let first = plan.first;
    let end = follow::follow(client, first, &mut output).await?;
    let FrameBody::Complete { total_matches, total_processed, total_failed, receipt, .. } = end.complete
    else {
        return Err(CommandError::new("the scan did not complete"));
    };
    let report = match &arguments.report {
        Some(path) => Some(save_report(&platform, &end.session, path).await?),
        None => None,
    };
    output.finish(&Summary {
        session_id: end.session.clone(),
        total: total_processed,
        processed: total_processed,
        failed: total_failed,
        matches: total_matches,
        seconds: receipt.duration_seconds,
        report,
    })?;
    pumps.stop().await;
    let open = still_open(&platform).await?;
    if open > 0 {
        output.note(&format!(
            "{open} earlier {} still open: to continue, run the same command again, or riffle serve",
            if open == 1 { "scan is" } else { "scans are" }
        ));
    }
    Ok(if total_failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Returns how many scans have not ended. A scan that is being deleted is open too, but no client waits for it.
async fn still_open(platform: &Platform) -> Result<usize, CommandError> {
    let mut open = 0;
    for id in platform.ledger.open_sessions().await? {
        let session = platform.ledger.session(&id).await?;
        open += usize::from(session.is_some_and(|session| !session.state.is_terminal()));
    }
    Ok(open)
}

/// The first action, and what to print before it.
struct ScanPlan {
    first: Action,
    roots: output::Roots,
    hints: Vec<String>,
    notes: Vec<String>,
}

impl ScanPlan {
    async fn scan(
        platform: &Platform,
        arguments: &ScanArgs,
        folders: Vec<String>,
        codes: &CodeList,
        hints: Vec<String>,
    ) -> Result<Self, CommandError> {
        let options = Options {
            matching: match arguments.matching {
                MatchOption::Token => MatchMode::Token,
                MatchOption::Substring => MatchMode::Substring,
            },
            ocr: match arguments.ocr {
                OcrOption::Auto => OcrMode::Auto,
                OcrOption::Off => OcrMode::Off,
            },
            evidence: arguments.evidence,
        };
        let roots = output::Roots::new(&folders, &arguments.dirs);
        let wanted = resume::request(&folders, options, codes);
        if let Some(open) = resume::find(platform, &wanted).await? {
            let note = "resuming an interrupted scan of the same folders and codes";
            return Ok(Self { first: resumed(&open), roots, hints, notes: vec![note.to_owned()] });
        }
        let start = StartScan {
            folders,
            codes_key: Some(upload_codes(platform, codes).await?),
            options,
            ..StartScan::default()
        };
        Ok(Self { first: started(start), roots, hints, notes: Vec::new() })
    }

    async fn retry(platform: &Platform, earlier: &str) -> Result<Self, CommandError> {
        let earlier = retry::find(platform, earlier).await?;
        let given: Vec<PathBuf> = earlier.folders().iter().map(PathBuf::from).collect();
        let roots = output::Roots::new(earlier.folders(), &given);
        let mut notes = vec![format!("retry of {}", earlier.described())];
        let first = match resume::find(platform, &earlier.again()).await? {
            Some(open) => {
                notes.push("resuming this retry, which was interrupted".to_owned());
                resumed(&open)
            }
            None => {
                started(StartScan { retry_of: Some(earlier.session.id.0.clone()), ..StartScan::default() })
            }
        };
        Ok(Self { first, roots, hints: Vec::new(), notes })
    }
}

fn resumed(open: &SessionId) -> Action {
    Action::Resume { session_id: open.0.clone(), cursor: None }
}

fn started(start: StartScan) -> Action {
    let request_id = Some(riffle_runtime::RandomIds.fresh());
    Action::StartScan(Box::new(StartScan { request_id, ..start }))
}

/// Returns absolute paths, so that the session means the same folders wherever it is resumed.
fn folders(dirs: &[PathBuf]) -> Result<Vec<String>, CommandError> {
    dirs.iter()
        .map(|dir| {
            let problem = |why: String| CommandError::new(format!("{}: {why}", dir.display()));
            let path = dir.canonicalize().map_err(|error| problem(words::path_problem(&error, "folder")))?;
            if !path.is_dir() {
                return Err(problem("not a folder; give the folder that contains it".to_owned()));
            }
            path.into_os_string().into_string().map_err(|_| {
                problem("the path is not valid UTF-8; rename the folder or the one above it".to_owned())
            })
        })
        .collect()
}

/// Checks before anything is read: an hour of reading must not end in a report that cannot be written.
fn check_writable(report: &Path) -> Result<(), CommandError> {
    if report.is_dir() {
        let problem = format!("cannot write the report to {}: it is a folder", report.display());
        return Err(CommandError::new(format!("{problem}; give a file in it")));
    }
    let part = part_of(report);
    if part.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        let problem = format!("cannot write the report to {}: its folder does not exist", report.display());
        return Err(CommandError::new(problem));
    }
    std::fs::File::create(&part)
        .and_then(|_| std::fs::remove_file(&part))
        .map_err(|error| unwritable(report, &error))
}

/// Returns the path to write the report to first, so that a reader never sees a partial report.
fn part_of(report: &Path) -> PathBuf {
    let mut name = report.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    report.with_file_name(name)
}

fn unwritable(report: &Path, error: &std::io::Error) -> CommandError {
    CommandError::new(format!(
        "cannot write the report to {}: {error}; choose another place with --report",
        report.display()
    ))
}

/// Stores the codes as a parsed list, so that the platform does not parse them again.
async fn upload_codes(platform: &Platform, codes: &CodeList) -> Result<String, CommandError> {
    let (json, digest) = stored_codes(codes);
    let key = format!("{}{digest}", keys::code_lists(TENANT));
    platform.objects.put(&key, json.into()).await?;
    Ok(key)
}

async fn save_report(platform: &Platform, session: &str, path: &Path) -> Result<String, CommandError> {
    let key = keys::report(&SessionId(session.to_owned()));
    let report = platform.objects.get(&key).await?.ok_or_else(|| {
        CommandError::new(format!(
            "the report of session {session} is missing from the state folder: scan again"
        ))
    })?;
    let part = part_of(path);
    let saved = match tokio::fs::write(&part, &report).await {
        Ok(()) => tokio::fs::rename(&part, path).await,
        Err(error) => Err(error),
    };
    saved.map_err(|error| {
        let problem = unwritable(path, &error);
        CommandError::new(format!(
            "{problem}. The report is kept: riffle serve provides it at /scans/{session}/report.xlsx"
        ))
    })?;
    Ok(path.display().to_string())
}
