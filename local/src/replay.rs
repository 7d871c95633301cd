//! `riffle replay`: sends past events again to one consumer, or shows what it would now store differently.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use riffle_contracts::BusEvent;
use riffle_ports::{Clock as _, Ids as _};
use riffle_runtime::{RandomIds, SystemClock};
use riffle_scan::Links;
use serde_json::json;

use crate::cli::ReplayArgs;
use crate::error::CommandError;
use crate::outcome::Pipeline;
use crate::platform::Platform;
use crate::words::{self, say};

/// The exit code if something would be different, or could not be handled.
const NOT_ALL: u8 = 1;

pub async fn run(arguments: ReplayArgs) -> Result<ExitCode, CommandError> {
    let to = arguments.to.unwrap_or_else(|| SystemClock.now());
    if to <= arguments.from {
        return Err(CommandError::new("the period is empty: --to must be after --from"));
    }
    let replay = riffle_local_adapters::Replay {
        name: format!("replay-{}", RandomIds.fresh()),
        consumer: arguments.consumer,
        from: arguments.from,
        to,
        types: arguments.types.clone(),
    };
    let hears = |kind: &str| replay.consumer.event_types().contains(&kind);
    if let Some(deaf) = arguments.types.iter().find(|kind| !hears(kind)) {
        let why = format!("{} does not consume {deaf} events", replay.consumer.function);
        return Err(CommandError::new(why));
    }
    let platform = Arc::new(Platform::open(&arguments.machine, Links::Files)?);
    if arguments.shadow {
        return shadow(&platform, &replay, arguments.json).await;
    }
    let before = dead(&platform).await?;
    let count = platform.statements.bus.replay(&replay).await?;
    let pumps = platform.start(&arguments.machine).await;
    let result = tokio::select! {
        result = settled(&platform) => result,
        interrupt = tokio::signal::ctrl_c() => {
            interrupt?;
            Err(CommandError::interrupted("stopped; riffle serve continues the replay"))
        }
    };
    pumps.stop().await;
    result?;
    let failed = dead(&platform).await?.saturating_sub(before);
    let name = &replay.name;
    if arguments.json {
        let line = json!({
            "replay": name, "consumer": replay.consumer.function, "events": count, "dead_letters": failed,
        });
        writeln!(std::io::stdout().lock(), "{line}")?;
    } else {
        say(&format!(
            "{} sent again to {} in {name}",
            words::count(count, "event"),
            replay.consumer.function
        ));
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} could not be processed: see riffle redrive --list", words::count(failed, "event")));
    Ok(ExitCode::from(NOT_ALL))
}

/// Waits until nothing is in progress.
async fn settled(platform: &Arc<Platform>) -> Result<(), CommandError> {
    Pipeline::new(platform).end(&[], |_, _| {}).await.map(drop)
}

async fn dead(platform: &Platform) -> Result<u64, CommandError> {
    let depths = platform.queues.depths().await?;
    let dead = depths.iter().filter(|depth| platform.queues.topology().queue(&depth.queue).is_none());
    Ok(dead.map(|depth| depth.ready + depth.in_flight + depth.waiting).sum())
}

async fn shadow(
    platform: &Platform,
    replay: &riffle_local_adapters::Replay,
    json: bool,
) -> Result<ExitCode, CommandError> {
    let (mut after, mut events, mut different, mut skipped) = (None, 0, 0, 0);
    loop {
        let (bodies, next) = platform.statements.bus.archived(replay, after).await?;
        for body in bodies {
            events += 1;
            let event: BusEvent = serde_json::from_str(&body)
                .map_err(|error| CommandError::new(format!("cannot read an archived event: {error}")))?;
            let file = &event.detail.processing_id;
            let differences = match platform
                .statements
                .processor
                .differences(replay.consumer.function, &event.detail)
                .await
            {
                Ok(differences) => differences,
                Err(failure) => {
                    skipped += 1;
                    say(&format!("{file}: {}: {failure}", event.detail_type));
                    continue;
                }
            };
            different += differences.len() as u64;
            let mut out = std::io::stdout().lock();
            for difference in differences {
                if json {
                    let line = json!({
                        "file": file, "type": event.detail_type, "place": difference.place,
                        "stored": difference.stored, "now": difference.now,
                    });
                    writeln!(out, "{line}")?;
                } else {
                    let cells = [file, &difference.place, &difference.stored, &difference.now];
                    writeln!(out, "{}", cells.map(|cell| words::line(cell)).join("\t"))?;
                }
            }
        }
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let left = if skipped == 0 { String::new() } else { format!("; {skipped} could not be compared") };
    say(&format!(
        "{} of {}{left}; nothing was written",
        words::count(different, "difference"),
        words::count(events, "event")
    ));
    Ok(if different == 0 && skipped == 0 { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL) })
}
