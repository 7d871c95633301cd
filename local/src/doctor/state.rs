//! Checks of the state folder: whether it can be used, and whether something in it waits for a person.

use std::path::Path;

use chrono::{DateTime, Utc};
use riffle_local_adapters::{Holder, Room, StateInspection, kept_texts};
use riffle_ports::{Clock as _, PortError, QueueDepth, Session};
use riffle_runtime::SystemClock;
use riffle_topology::RIFFLE;

use crate::cli::Machine;
use crate::doctor::check::{Checks, Level};
use crate::error::CommandError;
use crate::platform;
use crate::words;

/// Free bytes. Below the first, a large scan may have no room for its report; below the second, not even for its
/// records.
const ROOM_WANTED: u64 = 1 << 30;
const ROOM_NEEDED: u64 = 100 << 20;
/// The maximum number of sessions named in one line.
const NAMED: usize = 3;

const FOLDER: &str = "state folder";
const DISK: &str = "disk";
const QUEUES: &str = "queues";
const DEAD_LETTERS: &str = "dead letters";
const SESSIONS: &str = "open scans";
const STATEMENTS: &str = "open statements";
const TEXTS: &str = "kept texts";
const OTHER_FOLDER: &str =
    "make it writable for this user, or choose another folder with --state or LOCAL_STORAGE_PATH";
const GO_ON: &str = "to continue, run riffle serve, or the same riffle scan or import again";

pub fn check(machine: &Machine, checks: &mut Checks) -> Result<(), CommandError> {
    let dir = platform::state_dir(machine.state.as_deref())?;
    let look = match StateInspection::open(&dir) {
        Ok(look) => {
            folder(&dir, look.as_ref(), checks);
            look
        }
        Err(error) => {
            checks.says(Level::Problem, FOLDER, error.to_string());
            None
        }
    };
    match Room::of(&dir) {
        Ok(room) => space(&room, &dir, checks),
        Err(error) => checks.problem(DISK, format!("{}: {error}", dir.display()), OTHER_FOLDER),
    }
    if let Some(look) = look
        && let Err(error) = waiting(&look, SystemClock.now(), checks)
    {
        checks.problem(
            QUEUES,
            error.to_string(),
            "if it is damaged, move the folder away; a new one is created",
        );
    }
    texts(machine, &dir, checks);
    Ok(())
}

fn folder(dir: &Path, look: Option<&StateInspection>, checks: &mut Checks) {
    let place = dir.display();
    let room = match Room::of(dir) {
        Ok(room) => room,
        Err(error) => return checks.problem(FOLDER, format!("{place}: {error}"), OTHER_FOLDER),
    };
    match (dir.is_dir(), room.writable) {
        (true, true) => {}
        (true, false) => return checks.problem(FOLDER, format!("{place} is not writable"), OTHER_FOLDER),
        (false, true) => return checks.ok(FOLDER, format!("{place} will be created by the first scan")),
        (false, false) => {
            let above = room.folder.display();
            let why = format!("{place} cannot be created: {above} is not a folder, or is not writable");
            return checks.problem(FOLDER, why, OTHER_FOLDER);
        }
    }
    let schema = match look.map(|look| look.schema) {
        None => "empty".to_owned(),
        Some(StateInspection::SCHEMA) => format!("schema {}", StateInspection::SCHEMA),
        Some(older) => {
            format!("schema {older}, which the next start upgrades to {}", StateInspection::SCHEMA)
        }
    };
    match Holder::of(dir) {
        Ok(Holder::Nobody) => checks.ok(FOLDER, format!("{place}, {schema}, not in use")),
        Ok(Holder::Process(pid)) => {
            let who = pid.map_or_else(|| "another riffle".to_owned(), |pid| format!("riffle, process {pid}"));
            checks.ok(FOLDER, format!("{place}, {schema}, in use by {who}"));
        }
        Err(error) => checks.problem(FOLDER, format!("{place}/lock: {error}"), OTHER_FOLDER),
    }
}

fn space(room: &Room, dir: &Path, checks: &mut Checks) {
    let free = format!("{} free for {}", words::size(room.free), dir.display());
    let advice = "free some space, or choose a folder on another disk with --state; --cache-size limits the \
                  text cache";
    match room.free {
        ..ROOM_NEEDED => checks.problem(DISK, free, advice),
        ROOM_NEEDED..ROOM_WANTED => checks.warning(DISK, free, advice),
        _ => checks.ok(DISK, free),
    }
}

fn waiting(look: &StateInspection, now: DateTime<Utc>, checks: &mut Checks) -> Result<(), PortError> {
    let all = |depth: &QueueDepth| depth.ready + depth.in_flight + depth.waiting;
    let (dead, queues): (Vec<QueueDepth>, Vec<QueueDepth>) =
        look.depths()?.into_iter().partition(|depth| RIFFLE.queue(&depth.queue).is_none());
    let full = |depths: &[QueueDepth]| -> Vec<String> {
        let full = depths.iter().filter(|depth| all(depth) > 0);
        full.map(|depth| format!("{} {}", depth.queue, all(depth))).collect()
    };
    let held = full(&queues);
    if held.is_empty() {
        checks.ok(QUEUES, "empty");
    } else {
        checks.hint(QUEUES, held.join(", "), GO_ON);
    }

    match look.dead_letters(1)?.first() {
        None => checks.ok(DEAD_LETTERS, "none"),
        Some(oldest) => checks.warning(
            DEAD_LETTERS,
            format!("{}, the oldest sent {} ago", full(&dead).join(", "), words::span(now - oldest.sent_at)),
            "riffle redrive --list shows them; once the cause is fixed, riffle redrive retries them",
        ),
    }
    match look.open_work(riffle_statements::FLOW)? {
        (0, 0) => checks.ok(STATEMENTS, "none"),
        (open, untold) => checks.hint(
            STATEMENTS,
            format!("{open}, and {} not yet published", words::count(untold, "event")),
            GO_ON,
        ),
    }
    sessions(&look.open_sessions()?, now, checks);
    Ok(())
}

fn sessions(open: &[Session], now: DateTime<Utc>, checks: &mut Checks) {
    let late: Vec<&Session> = open.iter().filter(|session| session.deadline < now).collect();
    if open.is_empty() {
        checks.ok(SESSIONS, "none");
    } else if late.is_empty() {
        checks.hint(SESSIONS, open.len().to_string(), GO_ON);
    } else {
        let mut named: Vec<&str> = late.iter().take(NAMED).map(|session| session.id.as_ref()).collect();
        if late.len() > NAMED {
            named.push("…");
        }
        checks.warning(
            SESSIONS,
            format!("{} of {} past their deadline: {}", late.len(), open.len(), named.join(", ")),
            "riffle serve ends them within a minute: files without a result count as failed, and riffle \
             scan --retry reads them",
        );
    }
}

fn texts(machine: &Machine, dir: &Path, checks: &mut Checks) {
    if machine.no_cache {
        return checks.ok(TEXTS, "off");
    }
    let limit = words::size(machine.cache_size << 20);
    match kept_texts(dir) {
        Ok(None) => checks.ok(TEXTS, format!("none yet, limit {limit}")),
        Ok(Some(bytes)) => checks.ok(TEXTS, format!("{} of {limit}", words::size(bytes))),
        Err(error) => checks.warning(
            TEXTS,
            format!("cannot be read: {error}"),
            "a damaged text cache is recreated automatically; --no-cache scans without it",
        ),
    }
}

#[cfg(test)]
mod tests {
    use riffle_ports::SessionId;

    use super::*;

    #[test]
    fn late_scans_are_named_up_to_a_number() {
        let now = SystemClock.now();
        let session = |id: u32, hours| {
            let deadline = now + chrono::TimeDelta::hours(hours);
            Session::new(SessionId(format!("s{id}")), "local".to_owned(), String::new(), now, deadline)
        };
        let found = |open: &[Session]| {
            let mut checks = Checks::default();
            sessions(open, now, &mut checks);
            (checks.0[0].level, checks.0[0].found.clone())
        };
        assert_eq!(found(&[]), (Level::Ok, "none".to_owned()));
        assert_eq!(found(&[session(1, 1)]), (Level::Ok, "1".to_owned()));
        let open: Vec<Session> = (1..=5).map(|id| session(id, if id == 1 { 1 } else { -1 })).collect();
        assert_eq!(found(&open), (Level::Warning, "4 of 5 past their deadline: s2, s3, s4, …".to_owned()));
    }

    #[test]
    fn a_full_disk_is_told_by_degrees() {
        let found = |free| {
            let mut checks = Checks::default();
            let dir = std::env::temp_dir();
            space(&Room { folder: dir.clone(), writable: true, free }, &dir, &mut checks);
            checks.0.pop().map(|check| check.level)
        };
        let levels = [ROOM_NEEDED - 1, ROOM_WANTED - 1, ROOM_WANTED].map(found);
        assert_eq!(levels, [Some(Level::Problem), Some(Level::Warning), Some(Level::Ok)]);
    }
}
