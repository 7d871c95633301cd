//! `riffle redrive`: dead letters, shown and given back.

mod letter;
#[cfg(feature = "cloud")]
mod stack;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use riffle_ingest::File;
use riffle_local_adapters::{QueueName, Received, StateLook, Store};
use riffle_ports::{Clock as _, FlowState as _, SessionId};
use riffle_runtime::SystemClock;

use crate::cli::Redrive;
use crate::error::Problem;
use crate::platform;
use crate::redrive::letter::{Kind, Letter};
use crate::words;

/// Not all that was asked for could be done.
const IN_PART: u8 = 1;

pub async fn run(arguments: Redrive) -> Result<ExitCode, Problem> {
    #[cfg(feature = "cloud")]
    if let Some(deployed) = crate::cloud::Deployed::named(&arguments.cloud).await? {
        return stack::run(&deployed, &arguments).await;
    }
    let dir = platform::state_dir(arguments.state.as_deref())?;
    if arguments.list { list(&dir, arguments.json) } else { give_back(&dir, &arguments).await }
}

/// Also while another riffle uses the state.
fn list(dir: &Path, json: bool) -> Result<ExitCode, Problem> {
    let mut letters = Vec::new();
    if let Some(look) = StateLook::open(dir).map_err(|error| Problem::new(error.to_string()))? {
        for dead in look.dead_letters(usize::MAX)? {
            letters.push(letter(&look, dead)?);
        }
    }
    let mut out = std::io::stdout().lock();
    for letter in &letters {
        let line = if json { letter.json()? } else { letter.line() };
        writeln!(out, "{line}")?;
    }
    if letters.is_empty() {
        say("there are no dead letters");
    }
    Ok(ExitCode::SUCCESS)
}

fn letter(look: &StateLook, dead: Received) -> Result<Letter, Problem> {
    let kind = Kind::of(&dead.body, dead.origin);
    let queue = dead.origin.last();
    let times = queue.redrive().map_or(0, |redrive| redrive.after);
    let often = format!("it failed {times} times in {}; the log has each", queue.as_str());
    let (of, state, why) = match &kind {
        Kind::Unreadable => (dead.group, None, "it is no message of riffle".to_owned()),
        Kind::Statement { tenant, file, .. } => {
            let record = look.record(tenant, &file.subject())?;
            let found = record.as_ref().map(File::from_record).transpose()?;
            let state = found.as_ref().map(|file| file.state.as_str().to_owned());
            let told = found.and_then(|file| reason(file, dead.origin.function()));
            (file.0.clone(), state, told.unwrap_or(often))
        }
        Kind::Dispatch | Kind::File(_) | Kind::Finish => {
            let state = look.state(&SessionId(dead.group.clone()))?;
            let why = match state {
                None => "its scan is not in this state".to_owned(),
                Some(state) if state.is_terminal() => {
                    "its scan is at an end: it has nothing left to do".to_owned()
                }
                Some(_) => often,
            };
            (dead.group, state.as_ref().map(words::named), why)
        }
    };
    let age = words::span(SystemClock.now() - dead.sent_at);
    Ok(Letter { id: dead.id, queue: queue.as_str().to_owned(), kind, of, state, age, why })
}

/// Why a statement failed in a function, as far as its record tells.
fn reason(file: File, function: &str) -> Option<String> {
    let findings = file.findings;
    let told = findings.errors.into_iter().rev().find(|failed| failed.stage == function);
    let own = if function == QueueName::FileProcessor.function() { findings.reason } else { None };
    told.map(|failed| failed.reason).or(own)
}

async fn give_back(dir: &Path, arguments: &Redrive) -> Result<ExitCode, Problem> {
    if StateLook::open(dir).map_err(|error| Problem::new(error.to_string()))?.is_none() {
        say("there are no dead letters");
        return Ok(unknown(&arguments.messages, &[]));
    }
    let store = Store::open(dir, Arc::new(SystemClock)).map_err(|error| Problem::new(error.to_string()))?;
    let only = (!arguments.messages.is_empty()).then_some(&*arguments.messages);
    let moved = store.queues().redrive(only).await?;
    let mut out = std::io::stdout().lock();
    for (id, queue) in &moved {
        writeln!(out, "{}", told(id, *queue, arguments.json))?;
    }
    match moved.len() as u64 {
        0 => say("there is nothing to give back"),
        number => say(&format!(
            "{} given back; riffle serve, import, or the same riffle scan again, goes on with them",
            words::count(number, "dead letter")
        )),
    }
    Ok(unknown(&arguments.messages, &moved))
}

fn told(id: &str, queue: QueueName, json: bool) -> String {
    if json {
        return serde_json::json!({"message": id, "queue": queue.as_str()}).to_string();
    }
    format!("{id}\t{}", queue.as_str())
}

/// Says which of those that were named are no dead letters.
fn unknown(named: &[String], moved: &[(String, QueueName)]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for id in named.iter().filter(|id| !moved.iter().any(|(moved, _)| moved == *id)) {
        say(&format!("{id} is no dead letter; riffle redrive --list shows which are"));
        code = ExitCode::from(IN_PART);
    }
    code
}

#[expect(clippy::print_stderr, reason = "this is where people are told")]
fn say(text: &str) {
    eprintln!("{text}");
}
