//! The checks after everything has ended.

use std::collections::BTreeMap;
use std::io::Cursor;

use bytes::Bytes;
use calamine::{Reader, Xlsx};
use riffle_contracts::SessionState;
use riffle_ports::{ResultBody, Session, State, StoredResult};
use riffle_scan::{FailureCode, FileResult, Request};
use riffle_testkit::simulator::FaultPlan;

use crate::Violation;
use crate::platform::GARBAGE;
use crate::scan::client::SimClient;
use crate::scan::google::folder_id;
use crate::scan::rows;
use crate::scan::scenario::Mend;
use crate::scan::search::FileNature;
use crate::scan::stores::folder;
use crate::scan::world::World;

/// A session as it is in the ledger at the end.
struct EndedSession {
    session: Session,
    results: Vec<(u32, FileResult)>,
}

impl EndedSession {
    fn is_retry(&self) -> bool {
        Request::decode(&self.session.request).is_ok_and(|request| request.retry_of.is_some())
    }
}

/// The checks of a world in which nothing will happen any more.
#[derive(Debug)]
pub struct Ending;

impl Ending {
    pub(crate) fn check(world: &World) -> Result<(), Violation> {
        let ended = sessions(world)?;
        queues(world)?;
        ended.iter().try_for_each(|ended| forgotten(world, &ended.session))?;
        for (number, natures) in world.scenario.folders.iter().enumerate() {
            let folder = if world.scenario.drive.is_some() { folder_id(number) } else { folder(number) };
            let scanned =
                |ended: &&EndedSession| ended.session.request.contains(&folder) && !ended.is_retry();
            let of_folder: Vec<&EndedSession> = ended.iter().filter(scanned).collect();
            let of_folder_clients = || {
                let clients = world.clients.iter();
                clients.filter(|client| client.plan.folder == number && !client.plan.pries)
            };
            match of_folder[..] {
                [one] => {
                    report(world, one)?;
                    natural(world, one, natures)?;
                    of_folder_clients()
                        .filter(|client| !client.plan.retries)
                        .try_for_each(|client| informed(client, one))?;
                    if number == 0 && !world.scenario.mends.is_empty() {
                        retried(world, one, &ended, &of_folder_clients().collect::<Vec<_>>())?;
                    }
                }
                [] if of_folder_clients().next().is_none() => {}
                _ => {
                    let what = format!("one request id led to {} sessions", of_folder.len());
                    return Err(Violation::new(8, what));
                }
            }
        }
        Ok(())
    }
}

fn sessions(world: &World) -> Result<Vec<EndedSession>, Violation> {
    let data: Vec<(Session, Vec<(u32, StoredResult)>)> = world.stores.ledger.inspect(|data| {
        let sessions = data.sessions.values();
        sessions
            .map(|session| {
                let results = data.results_of(&session.id);
                let results = results.map(|(index, result)| (index, result.clone())).collect();
                (session.clone(), results)
            })
            .collect()
    });
    data.into_iter()
        .map(|(session, stored)| {
            let results: Result<_, Violation> =
                stored.into_iter().map(|(index, stored)| Ok((index, load(world, index, &stored)?))).collect();
            Ok(EndedSession { session, results: results? })
        })
        .collect()
}

fn load(world: &World, index: u32, stored: &StoredResult) -> Result<FileResult, Violation> {
    let lost = |why: String| Violation::new(4, format!("the result of file {index} cannot be read: {why}"));
    match &stored.body {
        ResultBody::Inline(json) => serde_json::from_str(json).map_err(|error| lost(error.to_string())),
        ResultBody::Object(key) => {
            world.control.sometimes("a result is in the object store");
            let json =
                world.stores.objects.peek(key).ok_or_else(|| lost("the object is missing".to_owned()))?;
            serde_json::from_slice(&json).map_err(|error| lost(error.to_string()))
        }
    }
}

/// Checks that no message vanishes: undecodable ones end in the dead letters and, if nothing went wrong, no others do.
fn queues(world: &World) -> Result<(), Violation> {
    let dead = world.stores.queue.dead();
    let garbage = dead.iter().filter(|(_, message)| message.body == GARBAGE).count();
    let expected = if world.scenario.conditions.garbage { 3 } else { 0 };
    // Garbage is never lost, doubled or acknowledged, so each message becomes exactly one dead letter.
    if garbage != expected {
        let what = format!("{garbage} of {expected} undecodable messages are dead letters");
        return Err(Violation::new(6, what));
    }
    // After a pause a file may have two messages. If it kills its readers, one of them may be received too often before
    // the other has led to a result.
    let killers = world.scenario.folders.iter().flatten().any(|nature| *nature == FileNature::Killer);
    let doubled = killers && world.scenario.drive.is_some();
    if world.scenario.conditions.plan == FaultPlan::Quiet && !doubled && dead.len() != garbage {
        let others = dead.len() - garbage;
        return Err(Violation::new(6, format!("{others} valid messages are dead letters")));
    }
    Ok(())
}

/// Checks that no token is left. With faults, one may be left if the session did not complete, or if the token was
/// stored after the end had begun and its invocation crashed.
fn forgotten(world: &World, session: &Session) -> Result<(), Violation> {
    let (token, puts) = world.stores.tokens.peek(&session.id);
    let quiet = world.scenario.conditions.plan == FaultPlan::Quiet;
    let in_time = world.kept.get(&session.id) == Some(&puts);
    if token.is_some() && (quiet || (session.state == State::Complete && in_time)) {
        return Err(Violation::new(
            11,
            format!("the token of a session in state {:?} was not removed", session.state),
        ));
    }
    Ok(())
}

fn report(world: &World, ended: &EndedSession) -> Result<(), Violation> {
    let session = &ended.session;
    match (session.state, &session.report) {
        (State::Complete, Some(key)) => {
            let writes = world.stores.objects.writes(key);
            if writes != 1 {
                return Err(Violation::new(5, format!("the report was written {writes} times")));
            }
            world.control.sometimes("a report is published");
            let content = world.stores.objects.peek(key);
            match content {
                None => Err(Violation::new(5, "the report is missing")),
                Some(content) => {
                    if world.scenario.has_workbooks() {
                        world.control.sometimes("a workbook is read back");
                    }
                    rows(ended, content)
                }
            }
        }
        (State::Complete, None) => Err(Violation::new(5, "a complete session has no report")),
        (_, Some(_)) => Err(Violation::new(5, "a session that did not complete has a report")),
        (_, None) => Ok(()),
    }
}

/// Checks that the report has one row for each file and one for each match.
fn rows(ended: &EndedSession, content: Bytes) -> Result<(), Violation> {
    let matches = ended.results.iter().map(|(_, result)| result.matches.len()).sum();
    let expected = (ended.results.len(), matches);
    let found = match rows::counts(&content) {
        Some(counts) => counts,
        None => workbook_rows(content)
            .map_err(|error| Violation::new(5, format!("the report cannot be opened: {error}")))?,
    };
    if found == expected {
        return Ok(());
    }
    Err(Violation::new(5, format!("files and matches in the report are {found:?}, stored are {expected:?}")))
}

fn workbook_rows(content: Bytes) -> Result<(usize, usize), calamine::XlsxError> {
    let mut book: Xlsx<_> = calamine::open_workbook_from_rs(Cursor::new(content))?;
    let files = book.worksheet_range("Files")?.rows().count();
    let matches = book.worksheet_range("Matches")?.rows().count();
    // The headings are not counted.
    Ok((files.saturating_sub(1), matches.saturating_sub(1)))
}

/// Checks that each file's result matches its nature.
fn natural(world: &World, ended: &EndedSession, natures: &[FileNature]) -> Result<(), Violation> {
    if ended.session.state != State::Complete || world.meddled {
        return Ok(());
    }
    let mut results = ended.results.iter();
    results.try_for_each(|(index, result)| {
        of_nature(world, (*index, result), natures.get(*index as usize).copied())
    })
}

fn of_nature(
    world: &World,
    (index, result): (u32, &FileResult),
    nature: Option<FileNature>,
) -> Result<(), Violation> {
    let code = result.failure.as_ref().map(|failure| failure.code);
    if code == Some(FailureCode::Timeout) {
        world.control.sometimes("a file is missing at the deadline");
        return Ok(());
    }
    if code == Some(FailureCode::Killed) {
        world.control.sometimes("a file is recorded as killed");
    }
    match (nature, code) {
        (Some(FileNature::Healthy { .. } | FileNature::Partly), Some(FailureCode::Killed))
            if !world.scenario.calm_quarantine =>
        {
            world.control.sometimes("a healthy file used its attempt during a fault");
        }
        (Some(FileNature::Healthy { .. } | FileNature::Partly), Some(code)) => {
            return Err(Violation::new(7, format!("file {index} is healthy and FAILED({code:?})")));
        }
        (Some(FileNature::Healthy { codes, places }), None) => {
            let expected = if codes == 0 { 0 } else { places.max(codes) as usize };
            if result.matches.len() != expected || result.codes != codes {
                let found = result.matches.len();
                return Err(Violation::new(4, format!("file {index} has {found} of {expected} matches")));
            }
        }
        (Some(FileNature::Killer), code) if code != Some(FailureCode::Killed) => {
            return Err(Violation::new(7, format!("file {index} kills and is {code:?}")));
        }
        (Some(FileNature::Damaged), None) => {
            return Err(Violation::new(7, format!("file {index} is damaged and counts as read")));
        }
        (None, _) => {
            return Err(Violation::new(3, format!("a result of file {index}, which does not exist")));
        }
        _ => {}
    }
    Ok(())
}

/// Checks that a completed session was retried exactly once, with the right results, and that any other session was
/// not.
fn retried(
    world: &World,
    earlier: &EndedSession,
    ended: &[EndedSession],
    clients: &[&SimClient],
) -> Result<(), Violation> {
    let retries: Vec<&EndedSession> = ended.iter().filter(|ended| ended.is_retry()).collect();
    let retry = match (earlier.session.state, &retries[..]) {
        (State::Complete, [retry]) => *retry,
        (State::Complete, others) => {
            return Err(Violation::new(8, format!("one retry led to {} sessions", others.len())));
        }
        (_, []) => return Ok(()),
        (state, _) => return Err(Violation::new(10, format!("a session that is {state:?} was retried"))),
    };
    report(world, retry)?;
    clients.iter().filter(|client| client.plan.retries).try_for_each(|client| informed(client, retry))?;
    for (index, result) in &retry.results {
        let place = *index as usize;
        let nature = world.scenario.folders[0].get(place).copied();
        let mend = world.scenario.mends.get(place).copied();
        let before = earlier.results.iter().find(|(other, _)| other == index).map(|(_, result)| result);
        let replaced = mend == Some(Mend::Replaces) || world.meddled;
        match before {
            // A partly read file is read again if it was replaced.
            Some(before) if before.failure.is_none() && (before.unread.is_empty() || !replaced) => {
                world.control.sometimes("a result is kept by a retry");
                if before != result {
                    return Err(Violation::new(
                        10,
                        format!("file {index} was read, and its result was not kept"),
                    ));
                }
            }
            Some(_) => read_again(world, (*index, result), nature, mend)?,
            None => return Err(Violation::new(10, format!("file {index} was not in the session retried"))),
        }
    }
    Ok(())
}

/// Checks that the result of a file that failed before matches its state after the mend.
fn read_again(
    world: &World,
    (index, result): (u32, &FileResult),
    nature: Option<FileNature>,
    mend: Option<Mend>,
) -> Result<(), Violation> {
    if world.meddled {
        return Ok(());
    }
    let code = result.failure.as_ref().map(|failure| failure.code);
    match (mend, code) {
        (Some(Mend::Removes), Some(FailureCode::Missing | FailureCode::Timeout)) => Ok(()),
        // As for a healthy file: its attempt may have ended by a fault.
        (Some(Mend::Removes), Some(FailureCode::Killed)) if !world.scenario.calm_quarantine => Ok(()),
        (Some(Mend::Removes), _) => Err(Violation::new(
            10,
            format!("file {index} was removed from its source, but its result is {code:?}"),
        )),
        (Some(Mend::Replaces), None) => {
            world.control.sometimes("a repaired file is read");
            of_nature(world, (index, result), Some(FileNature::REPLACED))
        }
        (Some(Mend::Replaces), _) => of_nature(world, (index, result), Some(FileNature::REPLACED)),
        _ => of_nature(world, (index, result), nature),
    }
}

/// Checks that a client's knowledge equals the ledger.
fn informed(client: &SimClient, ended: &EndedSession) -> Result<(), Violation> {
    let session = &ended.session;
    if client.session.as_deref() != Some(session.id.as_ref()) {
        return Err(Violation::new(9, format!("a client has the session id {:?}", client.session)));
    }
    let state = match session.state {
        State::Complete => SessionState::Complete,
        State::Failed => SessionState::Failed,
        State::Cancelled => SessionState::Cancelled,
        other => return Err(Violation::new(6, format!("the session is still {other:?}"))),
    };
    if client.ended != Some(state) {
        return Err(Violation::new(
            9,
            format!("a client believes {:?}, but the ledger has {state:?}", client.ended),
        ));
    }
    let mut stored = BTreeMap::new();
    for (index, result) in &ended.results {
        for (ordinal, found) in result.matches.iter().enumerate() {
            stored.insert(format!("{index}-{ordinal}"), found.snippet.as_str());
        }
    }
    for (id, reported) in &client.matches {
        if stored.get(id) != Some(&reported.snippet.as_str()) {
            return Err(Violation::new(4, format!("a client received match {id}, which is not stored")));
        }
    }
    let failed = ended.results.iter().filter(|(_, result)| result.failure.is_some()).count();
    if client.failures.len() > failed {
        let what = format!("a client received {} failed files, stored are {failed}", client.failures.len());
        return Err(Violation::new(4, what));
    }
    // If a session ends early, a late result may be stored after its clients requested their last snapshot.
    if session.state != State::Complete {
        return Ok(());
    }
    if client.matches.len() != stored.len() || client.failures.len() != failed {
        let what = format!(
            "a client has {} of {} matches and {} of {failed} failures",
            client.matches.len(),
            stored.len(),
            client.failures.len()
        );
        return Err(Violation::new(9, what));
    }
    let counts = session.counts;
    match client.totals {
        Some(reported) if reported != (counts.matches, counts.processed, counts.failed) => Err(
            Violation::new(9, format!("a client received the totals {reported:?}, stored are {counts:?}")),
        ),
        _ => Ok(()),
    }
}
