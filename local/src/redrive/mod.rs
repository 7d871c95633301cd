//! `riffle redrive`: lists dead letters and sends them back.

#[cfg(feature = "cloud")]
mod stack;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use riffle_local_adapters::{StateInspection, Store};
use riffle_ports::{Clock as _, DeadLetter, DeadLetterStore, MessageInfo, RecordInfo, SessionId, Subject};
use riffle_runtime::SystemClock;
use riffle_topology::{RIFFLE, scan};
use serde_json::json;

use crate::cli::RedriveArgs;
use crate::error::CommandError;
use crate::platform;
use crate::words::{self, say};

/// The exit code if only a part of the request could be done.
const IN_PART: u8 = 1;

pub async fn run(arguments: RedriveArgs) -> Result<ExitCode, CommandError> {
    #[cfg(feature = "cloud")]
    if let Some(deployed) = crate::cloud::Deployed::named(&arguments.cloud).await? {
        return stack::run(&deployed, &arguments).await;
    }
    let dir = platform::state_dir(arguments.state.as_deref())?;
    if arguments.list { list(&dir, &arguments) } else { give_back(&dir, &arguments).await }
}

/// Lists dead letters, even while another riffle uses the state.
fn list(dir: &Path, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    let mut lines = Vec::new();
    if let Some(look) = StateInspection::open(dir).map_err(|error| CommandError::new(error.to_string()))? {
        let mut dead_letters = look.dead_letters(usize::MAX)?;
        dead_letters
            .retain(|dead_letter| arguments.flow.as_ref().is_none_or(|flow| *flow == dead_letter.flow));
        for dead_letter in dead_letters {
            let message_info = riffle_functions::message_info(&dead_letter);
            let record_info = record_info(&look, &dead_letter, message_info.as_ref())?;
            lines.push(line(&dead_letter, message_info, record_info, arguments.json));
        }
    }
    let mut out = std::io::stdout().lock();
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    if lines.is_empty() {
        say("no dead letters");
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns what the state records about the subject of a dead letter.
fn record_info(
    look: &StateInspection,
    dead_letter: &DeadLetter,
    message_info: Option<&MessageInfo>,
) -> Result<RecordInfo, CommandError> {
    let Some(message_info) = message_info else { return Ok(RecordInfo::default()) };
    match (&*dead_letter.flow, &message_info.tenant) {
        (scan::NAME, _) => {
            let session = look.session(&SessionId(message_info.subject.clone()))?;
            Ok(riffle_scan::record_info(message_info, session.as_ref()))
        }
        (_, Some(tenant)) => {
            let record = look.record(tenant, &Subject::new(&*dead_letter.flow, &*message_info.subject))?;
            let record_info = record.map(|record| riffle_functions::record_info(dead_letter, record));
            Ok(record_info.transpose()?.unwrap_or_default())
        }
        _ => Ok(RecordInfo::default()),
    }
}

/// Formats a dead letter with fields separated by tabs: message, flow, queue, kind, scan or statement, its state, age,
/// reason. The content of the message is not shown.
fn line(
    dead_letter: &DeadLetter,
    message_info: Option<MessageInfo>,
    record_info: RecordInfo,
    json: bool,
) -> String {
    let DeadLetter { id, flow, function, .. } = dead_letter;
    let queue = dead_letter.queue.as_deref().unwrap_or(function);
    let age = words::span(SystemClock.now() - dead_letter.sent_at);
    let why = record_info.reason.unwrap_or_else(|| {
        if message_info.is_none() {
            return "it is not a message of riffle".to_owned();
        }
        let times = RIFFLE.queue(queue).map_or(1, |consumed| consumed.queue.max_receives);
        format!("it failed {times} times in {queue}; see the log for each failure")
    });
    let (kind, subject) = match message_info {
        Some(message_info) => {
            (message_info.kind, (!message_info.subject.is_empty()).then_some(message_info.subject))
        }
        None => ("unreadable".to_owned(), None),
    };
    if json {
        return json!({
            "message": id, "flow": flow, "queue": queue, "kind": kind, "subject": subject, "state": record_info.state,
            "age": age, "why": why,
        })
        .to_string();
    }
    let unknown = || "?".to_owned();
    let cells = [kind, subject.unwrap_or_else(unknown), record_info.state.unwrap_or_else(unknown), age, why];
    let cells = cells.map(|cell| cell.replace(char::is_control, " "));
    format!("{id}\t{flow}\t{queue}\t{}", cells.join("\t"))
}

/// Returns the dead letters that the arguments select.
fn chosen(mut dead_letters: Vec<DeadLetter>, arguments: &RedriveArgs) -> Vec<DeadLetter> {
    dead_letters
        .retain(|dead_letter| arguments.messages.is_empty() || arguments.messages.contains(&dead_letter.id));
    dead_letters
}

async fn give_back(dir: &Path, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    if StateInspection::open(dir).map_err(|error| CommandError::new(error.to_string()))?.is_none() {
        say("no dead letters");
        return Ok(unknown(arguments, &[]));
    }
    let store =
        Store::open(dir, Arc::new(SystemClock)).map_err(|error| CommandError::new(error.to_string()))?;
    let dead = store.dead_letters();
    let (dead_letters, _) = dead.list(arguments.flow.as_deref(), u32::MAX).await?;
    let dead_letters = chosen(dead_letters, arguments);
    let moved = dead.redrive(&dead_letters).await?;
    let mut out = std::io::stdout().lock();
    for dead_letter in &dead_letters {
        let (id, queue) = (&dead_letter.id, dead_letter.queue.as_deref().unwrap_or(&dead_letter.function));
        let line = if arguments.json {
            json!({"message": id, "queue": queue}).to_string()
        } else {
            format!("{id}\t{queue}")
        };
        writeln!(out, "{line}")?;
    }
    match moved {
        0 => say("nothing to retry"),
        number => say(&format!(
            "{} put back; to process them, run riffle serve, import, or the same riffle scan again",
            words::count(number, "dead letter")
        )),
    }
    Ok(unknown(arguments, &dead_letters))
}

/// Reports the named messages that are not dead letters.
fn unknown(arguments: &RedriveArgs, moved: &[DeadLetter]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in arguments.messages.iter().filter(|id| !moved.iter().any(|moved| moved.id == **id)) {
        say(&format!("{id} is not a dead letter; riffle redrive --list shows them"));
        code = ExitCode::from(IN_PART);
    }
    code
}
