//! Dead letters of a deployed stack.

use std::io::Write;
use std::process::ExitCode;

use riffle_contracts::{DispatchJob, ScanFile};
use riffle_local_adapters::QueueName;
use riffle_ports::Clock as _;
use riffle_runtime::SystemClock;
use riffle_stack_adapter::{DeadLetter, DeadLetters};
use serde_json::{Value, json};

use super::{IN_PART, letter, say};
use crate::cli::Redrive;
use crate::cloud::{DEAD_LETTERS, Deployed};
use crate::error::Problem;
use crate::words;

/// What a message is, as far as it says so itself.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    File(u32),
    /// To hand out or to finish: the two look alike.
    Job,
    /// A scan that should have started by itself.
    Schedule,
    /// What happened to one.
    Statement {
        file: String,
        event: String,
    },
    Unreadable,
}

/// One queue of dead letters.
struct Place {
    letters: DeadLetters,
    /// By address, whose messages end here.
    queues: Vec<(String, QueueName)>,
}

impl Place {
    fn all(deployed: &Deployed) -> Result<Vec<Self>, Problem> {
        let place = |(dead, queues): &(&str, &[(&str, QueueName)])| {
            let urls = |(output, name): &(&str, QueueName)| Ok((deployed.output(output)?.to_owned(), *name));
            let queues: Vec<(String, QueueName)> = queues.iter().map(urls).collect::<Result<_, Problem>>()?;
            let urls = queues.iter().map(|(url, _)| url.clone()).collect();
            Ok(Self { letters: deployed.stack.dead_letters(deployed.output(dead)?, urls), queues })
        };
        DEAD_LETTERS.iter().map(place).collect()
    }

    /// Where a letter failed: as SQS says, or in the only queue there is. `None` for what was put among several directly.
    fn queue(&self, letter: &DeadLetter) -> Option<QueueName> {
        match &letter.source {
            Some(source) => self.queues.iter().find(|(url, _)| url == source).map(|(_, name)| *name),
            None => self.only().map(|(_, name)| *name),
        }
    }

    fn only(&self) -> Option<&(String, QueueName)> {
        match &*self.queues {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Where a letter without a source belongs.
    fn belongs(&self, letter: &DeadLetter) -> Result<Vec<String>, String> {
        if let Some((url, _)) = self.only() {
            return Ok(vec![url.clone()]);
        }
        let wanted = Kind::of(&letter.body, None).queues()?;
        let urls = self.queues.iter().filter(|(_, name)| wanted.contains(name));
        Ok(urls.map(|(url, _)| url.clone()).collect())
    }
}

pub async fn run(deployed: &Deployed, arguments: &Redrive) -> Result<ExitCode, Problem> {
    let places = Place::all(deployed)?;
    if arguments.list { list(&places, arguments.json).await } else { redrive(&places, arguments).await }
}

async fn list(places: &[Place], json: bool) -> Result<ExitCode, Problem> {
    let mut lines = Vec::new();
    for place in places {
        let letters = place.letters.list().await.map_err(|error| {
            Problem::new(format!("{error}; what was looked at reappears within minutes: try again"))
        })?;
        lines.extend(letters.iter().map(|letter| line(place, letter, json)));
    }
    let mut out = std::io::stdout().lock();
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    say(&match lines.len() as u64 {
        0 => "there are no dead letters".to_owned(),
        number => words::count(number, "dead letter"),
    });
    Ok(ExitCode::SUCCESS)
}

fn line(place: &Place, letter: &DeadLetter, json: bool) -> String {
    let queue = place.queue(letter);
    let kind = Kind::of(&letter.body, queue);
    let queue = queue.map_or("?", QueueName::as_str);
    let age = words::span(SystemClock.now() - letter.sent_at);
    let (name, of) = match &kind {
        Kind::Statement { file, .. } => ("file", Some(file.clone())),
        _ => ("session_id", letter.group.clone()),
    };
    if json {
        let kind = kind.to_string();
        return json!({ "message": letter.id, "queue": queue, "kind": kind, name: of, "age": age })
            .to_string();
    }
    let of = of.unwrap_or_else(|| "?".to_owned());
    let [kind, of] = [&kind.to_string(), &of].map(|text| text.replace(char::is_control, " "));
    format!("{}\t{queue}\t{kind}\t{of}\t{age}", letter.id)
}

async fn redrive(places: &[Place], arguments: &Redrive) -> Result<ExitCode, Problem> {
    let (mut all, mut left) = (0, Vec::new());
    for place in places {
        let moved = place.letters.redrive(&arguments.messages, |letter| place.belongs(letter)).await;
        let moved = moved.map_err(|error| {
            let moved = words::count(all, "dead letter");
            Problem::new(format!("{error}; {moved} moved back, the rest reappears within minutes: try again"))
        })?;
        if moved.running {
            say("SQS is still moving some of them; riffle redrive --list shows what is left");
        }
        all += moved.moved;
        left.extend(moved.left);
    }
    let mut out = std::io::stdout().lock();
    for (letter, why) in &left {
        if arguments.json {
            writeln!(out, "{}", json!({"message": letter.id, "left": why}))?;
        } else {
            writeln!(out, "{}\tleft\t{why}", letter.id)?;
        }
    }
    say(&format!("{} moved back", words::count(all, "dead letter")));
    let missing = (arguments.messages.len() as u64).saturating_sub(all + left.len() as u64);
    if missing > 0 {
        say(&format!("{} not among the dead letters", words::count(missing, "message")));
    }
    Ok(if left.is_empty() && missing == 0 { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

impl Kind {
    /// Of a message that failed in `queue`, where that is known.
    fn of(body: &str, queue: Option<QueueName>) -> Self {
        if let Some(letter::Kind::Statement { file, event, .. }) =
            queue.map(|queue| letter::Kind::of(body, queue))
        {
            return Self::Statement { file: file.0, event };
        }
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

    /// Where a scan's message belongs when nothing says where it failed. A job goes both ways: a dispatcher has nothing
    /// to do for what is handed out, nor has a finisher for what is not read.
    fn queues(&self) -> Result<&'static [QueueName], String> {
        match self {
            Self::File(_) => Ok(&[QueueName::ScanQuarantine]),
            Self::Job => Ok(&[QueueName::ScanDispatch, QueueName::ScanFinish]),
            Self::Schedule => {
                Err("a scheduled scan that did not start: the next one starts when it is due, or start \
                                   it on the page"
                    .to_owned())
            }
            Self::Statement { .. } | Self::Unreadable => Err("it is no message of riffle".to_owned()),
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(index) => write!(f, "file {index}"),
            Self::Job => f.write_str("job"),
            Self::Schedule => f.write_str("schedule"),
            Self::Statement { event, .. } => f.write_str(event),
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
            assert_eq!(Kind::of(body, None), kind, "{body}");
            assert_eq!(kind.queues().ok().map(<[_]>::len), queues, "{body}");
        }
    }
}
