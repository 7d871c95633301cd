//! Dead letters of a deployed stack.

use std::io::Write;
use std::process::ExitCode;

use riffle_ports::{DeadLetter, DeadLetterStore as _, PortError, RecordInfo};
use serde_json::json;

use super::{IN_PART, chosen, line, say};
use crate::cli::RedriveArgs;
use crate::cloud::Deployed;
use crate::error::CommandError;
use crate::words;

/// The maximum number of dead letters to look at, below the limit of SQS of about 120,000 in-flight messages per queue.
const SEEN_MAX: u32 = 100_000;

pub async fn run(deployed: &Deployed, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    if arguments.list { list(deployed, arguments).await } else { redrive(deployed, arguments).await }
}

/// Returns the dead letters in the order in which they were sent.
async fn dead_letters(deployed: &Deployed, arguments: &RedriveArgs) -> Result<Vec<DeadLetter>, CommandError> {
    let dead = deployed.stack.dead_letters(deployed.dead_letters(arguments.flow.as_deref())?);
    let (dead_letters, _) = dead.list(None, SEEN_MAX).await.map_err(|error| again(&error))?;
    Ok(dead_letters)
}

fn again(error: &PortError) -> CommandError {
    CommandError::new(format!("{error}; the messages that were read reappear within minutes: try again"))
}

async fn list(deployed: &Deployed, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    let dead_letters = dead_letters(deployed, arguments).await?;
    let mut out = std::io::stdout().lock();
    for dead_letter in &dead_letters {
        // Only the functions can read the records.
        writeln!(
            out,
            "{}",
            line(
                dead_letter,
                riffle_functions::message_info(dead_letter),
                RecordInfo::default(),
                arguments.json
            )
        )?;
    }
    say(&match dead_letters.len() as u64 {
        0 => "no dead letters".to_owned(),
        number => words::count(number, "dead letter"),
    });
    Ok(ExitCode::SUCCESS)
}

async fn redrive(deployed: &Deployed, arguments: &RedriveArgs) -> Result<ExitCode, CommandError> {
    let places = deployed.dead_letters(arguments.flow.as_deref())?;
    let mut moved = 0;
    // To move all dead letters, SQS can do most of the work itself.
    for place in places.iter().filter(|place| arguments.messages.is_empty() && place.queue.is_some()) {
        let by_itself = deployed.stack.move_all(&place.url).await;
        let by_itself = by_itself.map_err(|error| {
            let moved = words::count(moved, "dead letter");
            CommandError::new(format!("{error}; {moved} moved back: try again"))
        })?;
        let by_itself = by_itself.unwrap_or_default();
        moved += by_itself.count;
        if by_itself.running {
            say("SQS is still moving some of them; riffle redrive --list shows the remaining ones");
        }
    }
    let dead_letters = chosen(dead_letters(deployed, arguments).await?, arguments);
    let (back, left): (Vec<DeadLetter>, Vec<DeadLetter>) =
        dead_letters.into_iter().partition(|dead_letter| dead_letter.queue.is_some());
    let dead = deployed.stack.dead_letters(places);
    moved += dead.redrive(&back).await.map_err(|error| again(&error))?;
    let mut out = std::io::stdout().lock();
    for dead_letter in &left {
        let why = "a scheduled scan that did not start: wait for the next one, or start it on the page";
        if arguments.json {
            writeln!(out, "{}", json!({"message": dead_letter.id, "left": why}))?;
        } else {
            writeln!(out, "{}\tleft\t{why}", dead_letter.id)?;
        }
    }
    say(&format!("{} moved back", words::count(moved, "dead letter")));
    let missing = (arguments.messages.len() as u64).saturating_sub(moved + left.len() as u64);
    if missing > 0 {
        say(&format!("{} not found among the dead letters", words::count(missing, "message")));
    }
    Ok(if left.is_empty() && missing == 0 { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}
