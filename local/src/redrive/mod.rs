//! `riffle redrive`: lists dead letters and sends them back.

#[cfg(feature = "cloud")]
mod stack;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use riffle_local_adapters::{StateLook, Store};
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
    if let Some(look) = StateLook::open(dir).map_err(|error| CommandError::new(error.to_string()))? {
        let mut letters = look.dead_letters(usize::MAX)?;
        letters.retain(|letter| arguments.flow.as_ref().is_none_or(|flow| *flow == letter.flow));
        for letter in letters {
            let about = riffle_functions::about_letter(&letter);
            let told = told(&look, &letter, about.as_ref())?;
            lines.push(line(&letter, about, told, arguments.json));
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

/// Returns what the state records about the subject of a letter.
fn told(
    look: &StateLook,
    letter: &DeadLetter,
    about: Option<&MessageInfo>,
) -> Result<RecordInfo, CommandError> {
    let Some(about) = about else { return Ok(RecordInfo::default()) };
    match (&*letter.flow, &about.tenant) {
        (scan::NAME, _) => {
            let session = look.session(&SessionId(about.subject.clone()))?;
            Ok(riffle_scan::told_of_letter(about, session.as_ref()))
        }
        (_, Some(tenant)) => {
            let record = look.record(tenant, &Subject::new(&*letter.flow, &*about.subject))?;
            let told = record.map(|record| riffle_functions::told_of_letter(letter, record));
            Ok(told.transpose()?.unwrap_or_default())
        }
        _ => Ok(RecordInfo::default()),
    }
}

/// Formats a letter with fields separated by tabs: message, flow, queue, kind, scan or statement, its state, age,
/// reason. The content of the message is not shown.
fn line(letter: &DeadLetter, about: Option<MessageInfo>, told: RecordInfo, json: bool) -> String {
    let DeadLetter { id, flow, function, .. } = letter;
    let queue = letter.queue.as_deref().unwrap_or(function);
    let age = words::span(SystemClock.now() - letter.sent_at);
    let why = told.reason.unwrap_or_else(|| {
        if about.is_none() {
            return "it is not a message of riffle".to_owned();
        }
        let times = RIFFLE.queue(queue).map_or(1, |consumed| consumed.queue.max_receives);
        format!("it failed {times} times in {queue}; see the log for each failure")
    });
    let (kind, subject) = match about {
        Some(about) => (about.kind, (!about.subject.is_empty()).then_some(about.subject)),
        None => ("unreadable".to_owned(), None),
    };
    if json {
        return json!({
            "message": id, "flow": flow, "queue": queue, "kind": kind, "subject": subject, "state": told.state,
            "age": age, "why": why,
        })
        .to_string();
    }
    let unknown = || "?".to_owned();
    let cells = [kind, subject.unwrap_or_else(unknown), told.state.unwrap_or_else(unknown), age, why];
    let cells = cells.map(|cell| cell.replace(char::is_control, " "));
    format!("{id}\t{flow}\t{queue}\t{}", cells.join("\t"))
}

/// Returns the letters that the arguments select.
fn chosen(mut letters: Vec<DeadLetter>, arguments: &RedriveArgs) -> Vec<DeadLetter> {
    letters.retain(|letter| arguments.messages.is_empty() || arguments.messages.contains(&letter.id));
    letters
}

async fn give_back(dir: &Path, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    if StateLook::open(dir).map_err(|error| CommandError::new(error.to_string()))?.is_none() {
        say("no dead letters");
        return Ok(unknown(arguments, &[]));
    }
    let store =
        Store::open(dir, Arc::new(SystemClock)).map_err(|error| CommandError::new(error.to_string()))?;
    let dead = store.dead_letters();
    let (letters, _) = dead.list(arguments.flow.as_deref(), u32::MAX).await?;
    let letters = chosen(letters, arguments);
    let moved = dead.redrive(&letters).await?;
    let mut out = std::io::stdout().lock();
    for letter in &letters {
        let (id, queue) = (&letter.id, letter.queue.as_deref().unwrap_or(&letter.function));
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
    Ok(unknown(arguments, &letters))
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
