//! `riffle sessions`: lists the scans in the state folder, or deletes some.

use std::io::Write;
use std::process::ExitCode;

use riffle_ports::{Session, Source};
use riffle_scan::{DeletionError, Links, Request, described};
use serde_json::json;

use crate::cli::SessionsArgs;
use crate::error::CommandError;
use crate::platform::{Platform, TENANT};
use crate::scan::named;

/// One scan to be listed.
struct ListedScan {
    session: Session,
    request: Request,
}

pub async fn run(arguments: SessionsArgs) -> Result<ExitCode, CommandError> {
    let platform = Platform::open(&arguments.machine, Links::Files)?;
    if !arguments.delete.is_empty() {
        return delete(&platform, &arguments.delete).await;
    }
    let mut out = std::io::stdout().lock();
    for session in platform.sessions().await? {
        let request = Request::decode(&session.request)?;
        let listed = ListedScan { session, request };
        let line = if arguments.json { listed.json()? } else { listed.line() };
        writeln!(out, "{line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Deletes scans immediately, because no other process may run soon to do it. All are looked up before the first is
/// deleted.
async fn delete(platform: &Platform, given: &[String]) -> Result<ExitCode, CommandError> {
    let mut ids = Vec::with_capacity(given.len());
    for given in given {
        ids.push(named(platform, given).await?.id);
    }
    let mut out = std::io::stdout().lock();
    for id in ids {
        match platform.functions.scan.delete_at_once(TENANT, &id).await {
            Ok(()) => writeln!(out, "{id}\tdeleted")?,
            Err(DeletionError::Running) => {
                let problem = format!("the scan {id} has not ended: run its command again to finish it");
                return Err(CommandError::new(format!("{problem}, or cancel it with Ctrl-C or on the page")));
            }
            Err(error) => return Err(CommandError::new(error.to_string())),
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl ListedScan {
    fn folders(&self) -> &[String] {
        match &self.request.source {
            Source::Folders(folders) => folders,
            Source::Upload(_) | Source::Prefix { .. } | Source::Drive { .. } => &[],
        }
    }

    fn total(&self) -> Option<u32> {
        self.session.sealed.as_ref().map(|sealed| sealed.total)
    }

    /// Formats a scan with fields separated by tabs: id, when, state, files, failed, matches, folders.
    fn line(&self) -> String {
        let Session { id, created_at, state, counts, .. } = &self.session;
        let when = created_at.format("%Y-%m-%d %H:%M UTC");
        let state = json!(state);
        let total = self.total().map_or_else(|| "?".to_owned(), |total| total.to_string());
        let folders = described(&self.request.source).replace(char::is_control, " ");
        let retry = if self.request.retry_of.is_some() { " (retry)" } else { "" };
        format!(
            "{id}\t{when}\t{}\t{total} files\t{} failed\t{} matches\t{folders}{retry}",
            state.as_str().unwrap_or_default(),
            counts.failed,
            counts.matches
        )
    }

    fn json(&self) -> Result<String, CommandError> {
        let Session { id, created_at, state, counts, .. } = &self.session;
        serde_json::to_string(&json!({
            "session_id": id,
            "created_at": created_at,
            "state": state,
            "total": self.total(),
            "failed": counts.failed,
            "matches": counts.matches,
            "folders": self.folders(),
            "retry_of": self.request.retry_of,
        }))
        .map_err(|error| CommandError::new(error.to_string()))
    }
}
