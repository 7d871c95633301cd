//! Dead letters of a deployed stack.

use std::io::Write;
use std::process::ExitCode;

use riffle_contracts::{DispatchJob, ScanFile};
use riffle_ports::Clock as _;
use riffle_runtime::SystemClock;
use riffle_stack_adapter::{By, DeadLetter, DeadLetters, Moved};
use serde_json::{Value, json};

use super::{IN_PART, say};
use crate::cli::Redrive;
use crate::cloud::Deployed;
use crate::error::Problem;
use crate::words;

/// The queues' outputs, with what people call them.
const QUEUES: [(&str, &str); 4] = [
    ("DispatchQueueUrl", "scan-dispatch"),
    ("WorkQueueUrl", "scan-work"),
    ("QuarantineQueueUrl", "scan-quarantine"),
    ("FinishQueueUrl", "scan-finish"),
];

/// What a message is, as far as it says so itself.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File(u32),
    /// To hand out or to finish: the two look alike.
    Job,
    /// A scan that should have started by itself.
    Schedule,
    Unreadable,
}

pub async fn run(deployed: &Deployed, arguments: &Redrive) -> Result<ExitCode, Problem> {
    let mut urls = Vec::new();
    for (output, _) in QUEUES {
        urls.push(deployed.output(output)?.to_owned());
    }
    let letters = deployed.stack.dead_letters(deployed.output("DeadLetterQueueUrl")?, urls);
    let failed = |error: riffle_stack_adapter::Failed| {
        Problem::new(format!(
            "{error}; what was moved is moved, the rest reappears within minutes: try again"
        ))
    };
    if arguments.list {
        return list(deployed, &letters.list().await.map_err(failed)?, arguments.json);
    }
    redrive(deployed, &letters, arguments).await
}

fn list(deployed: &Deployed, letters: &[DeadLetter], json: bool) -> Result<ExitCode, Problem> {
    let mut out = std::io::stdout().lock();
    for letter in letters {
        let kind = Kind::of(&letter.body).to_string();
        let queue = letter.source.as_deref().map_or("?", |url| name(deployed, url));
        let session = letter.group.as_deref().unwrap_or("?").replace(char::is_control, " ");
        let age = words::span(SystemClock.now() - letter.sent_at);
        if json {
            let line = json!({
                "message": letter.id, "queue": queue, "kind": kind, "session_id": letter.group, "age": age,
            });
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{}\t{queue}\t{kind}\t{session}\t{age}", letter.id)?;
        }
    }
    say(&match letters.len() as u64 {
        0 => "there are no dead letters".to_owned(),
        number => words::count(number, "dead letter"),
    });
    Ok(ExitCode::SUCCESS)
}

async fn redrive(
    deployed: &Deployed,
    letters: &DeadLetters,
    arguments: &Redrive,
) -> Result<ExitCode, Problem> {
    let place = |letter: &DeadLetter| {
        let outputs = Kind::of(&letter.body).queues()?;
        let url =
            |output: &&str| deployed.output(output).map(str::to_owned).map_err(|error| error.to_string());
        outputs.iter().map(url).collect()
    };
    let Moved { by, moved, left } = letters
        .redrive(&arguments.messages, place)
        .await
        .map_err(|error| Problem::new(format!("{error}; the rest reappears within minutes: try again")))?;
    let mut out = std::io::stdout().lock();
    for (letter, why) in &left {
        if arguments.json {
            writeln!(out, "{}", json!({"message": letter.id, "left": why}))?;
        } else {
            writeln!(out, "{}\tleft\t{why}", letter.id)?;
        }
    }
    let moved_words = words::count(moved, "dead letter");
    say(&match by {
        By::RunningTask => "SQS is still moving them; riffle redrive --list shows what is left".to_owned(),
        By::Task => format!("SQS moved {moved_words} back"),
        By::Hand => format!("{moved_words} moved back"),
    });
    let missing = (arguments.messages.len() as u64).saturating_sub(moved + left.len() as u64);
    if missing > 0 {
        say(&format!("{} not among the dead letters", words::count(missing, "message")));
    }
    Ok(if left.is_empty() && missing == 0 { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

fn name<'q>(deployed: &Deployed, url: &'q str) -> &'q str {
    let known = QUEUES.iter().find(|(output, _)| deployed.outputs.get(output) == Some(url));
    known.map_or(url, |(_, name)| name)
}

impl Kind {
    fn of(body: &str) -> Self {
        if let Ok(ScanFile { index, .. }) = serde_json::from_str(body) {
            return Self::File(index);
        }
        if serde_json::from_str::<DispatchJob>(body).is_ok() {
            return Self::Job;
        }
        let schedule =
            serde_json::from_str::<Value>(body).is_ok_and(|event| event["detail-type"] == "scan.scheduled");
        if schedule { Self::Schedule } else { Self::Unreadable }
    }

    /// Where it belongs when nothing says where it failed. A job goes both ways: a dispatcher has nothing to do for
    /// what is handed out, nor has a finisher for what is not read.
    fn queues(&self) -> Result<&'static [&'static str], String> {
        match self {
            Self::File(_) => Ok(&["QuarantineQueueUrl"]),
            Self::Job => Ok(&["DispatchQueueUrl", "FinishQueueUrl"]),
            Self::Schedule => {
                Err("a scheduled scan that did not start: the next one starts when it is due, or start \
                                   it on the page"
                    .to_owned())
            }
            Self::Unreadable => Err("it is no message of riffle".to_owned()),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(index) => write!(f, "file {index}"),
            Self::Job => f.write_str("job"),
            Self::Schedule => f.write_str("schedule"),
            Self::Unreadable => f.write_str("unreadable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_tells_what_it_is() {
        for (body, kind, queues) in [
            (r#"{"session_id":"s","index":7}"#, Kind::File(7), Some(1)),
            (r#"{"session_id":"s"}"#, Kind::Job, Some(2)),
            (r#"{"version":"0","detail-type":"scan.scheduled","detail":{}}"#, Kind::Schedule, None),
            ("no JSON", Kind::Unreadable, None),
        ] {
            assert_eq!(Kind::of(body), kind, "{body}");
            assert_eq!(kind.queues().ok().map(<[_]>::len), queues, "{body}");
        }
    }
}
