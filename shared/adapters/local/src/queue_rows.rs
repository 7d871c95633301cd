//! The rows of messages, and the order in which groups have their turn.
//!
//! A message is *ready* (`hidden_until` is NULL), *in flight* (a consumer received it) or *waiting* (released with a
//! delay). A hidden message becomes ready again at its time, or moves to another queue if it was received too often.
//! Each step costs a few index look-ups, whatever the length of the queue.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use riffle_topology::Topology;
use rusqlite::Connection;

use crate::database::{Sql as _, WorkError};
use crate::queues::ReceivedMessage;

/// From this number of deliveries on, a delivery counts even if the whole process ended during it.
const FORGIVEN: u32 = 50;

/// The id of a message, and the number of this delivery of it.
pub(crate) type DeliveryId = (i64, i64);

/// Queues that have new ready messages.
pub(crate) type ReadyQueues = BTreeSet<String>;

pub(crate) fn insert(
    connection: &Connection,
    queue: &str,
    group: &str,
    body: &str,
    now: DateTime<Utc>,
) -> Result<(), WorkError> {
    let sql = "INSERT INTO messages (queue, fair_group, body, sent_at) VALUES (?1, ?2, ?3, ?4)";
    connection.run(sql, (queue, group, body, now.timestamp_micros())).map(drop)
}

/// Puts a message into a queue, ready to be received at once.
pub(crate) fn deliver(
    connection: &Connection,
    queue: &str,
    group: &str,
    body: &str,
    now: DateTime<Utc>,
    woken: &mut ReadyQueues,
) -> Result<(), WorkError> {
    insert(connection, queue, group, body, now)?;
    line_up(connection, queue, group)?;
    woken.insert(queue.to_owned());
    Ok(())
}

/// Gives `group` a place at the end of the line, if it has none. At the end, so that a group that appears and
/// disappears with single messages is not always first.
pub(crate) fn line_up(connection: &Connection, queue: &str, group: &str) -> Result<(), WorkError> {
    let sql = "INSERT INTO turns (queue, fair_group, turn) VALUES (?1, ?2, \
         (SELECT coalesce(max(turn), 0) + 1 FROM turns WHERE queue = ?1)) ON CONFLICT DO NOTHING";
    connection.run(sql, [queue, group]).map(drop)
}

/// Takes up to `max` ready messages, from as many groups as possible, and hides them until `until`.
pub(crate) fn take(
    connection: &Connection,
    queue: &str,
    max: usize,
    until: DateTime<Utc>,
) -> Result<Vec<ReceivedMessage>, WorkError> {
    let mut taken = Vec::new();
    while taken.len() < max {
        let groups = next_groups(connection, queue, max - taken.len())?;
        if groups.is_empty() {
            break;
        }
        // Rounded down: the next round gives the remainder to the groups then first in line, a different one each time.
        let share = (max - taken.len()) / groups.len();
        for group in groups {
            let wanted = share.min(max - taken.len());
            if wanted == 0 {
                break;
            }
            let rows = take_of_group(connection, queue, &group, wanted, until)?;
            end_turn(connection, queue, &group, rows.len() < wanted)?;
            taken.extend(rows);
        }
    }
    Ok(taken)
}

fn next_groups(connection: &Connection, queue: &str, max: usize) -> Result<Vec<String>, WorkError> {
    let sql = "SELECT fair_group FROM turns WHERE queue = ?1 ORDER BY turn LIMIT ?2";
    connection.rows(sql, (queue, as_limit(max)), |row| row.get(0))
}

fn take_of_group(
    connection: &Connection,
    queue: &str,
    group: &str,
    max: usize,
    until: DateTime<Utc>,
) -> Result<Vec<ReceivedMessage>, WorkError> {
    let mut rows = connection.rows(
        "UPDATE messages SET hidden_until = ?4, deliveries = deliveries + 1, in_flight = 1 WHERE id IN \
         (SELECT id FROM messages WHERE queue = ?1 AND fair_group = ?2 AND hidden_until IS NULL \
         ORDER BY id LIMIT ?3) RETURNING id, queue, fair_group, body, deliveries, base, sent_at",
        (queue, group, as_limit(max), until.timestamp_micros()),
        read_row,
    )?;
    // RETURNING guarantees no order.
    rows.sort_by_key(|(id, _)| *id);
    Ok(rows.into_iter().map(|(_, message)| message).collect())
}

fn end_turn(connection: &Connection, queue: &str, group: &str, empty: bool) -> Result<(), WorkError> {
    let sql = if empty {
        "DELETE FROM turns WHERE queue = ?1 AND fair_group = ?2"
    } else {
        "UPDATE turns SET turn = (SELECT max(turn) + 1 FROM turns WHERE queue = ?1) \
         WHERE queue = ?1 AND fair_group = ?2"
    };
    connection.run(sql, [queue, group]).map(drop)
}

/// Deletes the message if this delivery is still its last one. Returns whether it was.
pub(crate) fn delete(connection: &Connection, (id, delivery): DeliveryId) -> Result<bool, WorkError> {
    Ok(connection.run("DELETE FROM messages WHERE id = ?1 AND deliveries = ?2", [id, delivery])? == 1)
}

/// Hides a message in flight until another time. Returns whether this delivery was still its last one.
pub(crate) fn hide_until(
    connection: &Connection,
    (id, delivery): DeliveryId,
    until: DateTime<Utc>,
) -> Result<bool, WorkError> {
    let sql = "UPDATE messages SET hidden_until = ?3 WHERE id = ?1 AND deliveries = ?2 AND in_flight";
    Ok(connection.run(sql, [id, delivery, until.timestamp_micros()])? == 1)
}

/// Ends a delivery after a failure: the message is ready again at `until`, or moves on at once if its receives are
/// exhausted.
pub(crate) fn release(
    connection: &Connection,
    topology: Topology,
    (id, delivery): DeliveryId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
    woken: &mut ReadyQueues,
) -> Result<bool, WorkError> {
    let sql = "SELECT id, queue, fair_group, deliveries - base FROM messages \
         WHERE id = ?1 AND deliveries = ?2 AND in_flight";
    let Some(message) = connection.first(sql, [id, delivery], read_hidden)? else {
        return Ok(false);
    };
    if until <= now || message.is_exhausted(topology) {
        reappear(connection, topology, message, woken)?;
    } else {
        let sql = "UPDATE messages SET in_flight = 0, hidden_until = ?2 WHERE id = ?1";
        connection.run(sql, [id, until.timestamp_micros()])?;
    }
    Ok(true)
}

/// Returns a dead letter to the queue where it failed, as if it had never been received there. Returns that queue, or
/// `None` if the message is not a dead letter.
pub(crate) fn redrive(
    connection: &Connection,
    topology: Topology,
    id: i64,
) -> Result<Option<&'static str>, WorkError> {
    let sql = "SELECT queue, fair_group FROM messages WHERE id = ?1";
    let found =
        connection.first(sql, [id], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let Some((queue, group)) = found else { return Ok(None) };
    let Some(to) = topology.dead_letters().find(|dead| dead.name == queue).and_then(|dead| dead.queue) else {
        return Ok(None);
    };
    relocate(connection, id, to)?;
    line_up(connection, to, &group)?;
    Ok(Some(to))
}

/// Returns the oldest messages of a queue, whether ready or not.
pub(crate) fn peek(
    connection: &Connection,
    queue: &str,
    max: usize,
) -> Result<Vec<ReceivedMessage>, WorkError> {
    let sql = "SELECT id, queue, fair_group, body, deliveries, base, sent_at FROM messages \
         WHERE queue = ?1 ORDER BY id LIMIT ?2";
    connection.rows(sql, (queue, as_limit(max)), |row| Ok(read_row(row)?.1))
}

/// Returns the oldest dead letters in these queues. No consumer receives them, so all are in the index of ready
/// messages.
pub(crate) fn dead_letters(
    connection: &Connection,
    queues: impl IntoIterator<Item = String>,
    max: usize,
) -> Result<Vec<ReceivedMessage>, WorkError> {
    let mut dead = Vec::new();
    for queue in queues {
        let sql = "SELECT id, queue, fair_group, body, deliveries, base, sent_at FROM messages \
             WHERE queue = ?1 AND hidden_until IS NULL ORDER BY id LIMIT ?2";
        dead.extend(connection.rows(sql, (queue, as_limit(max)), read_row)?);
    }
    dead.sort_by_key(|(id, _)| *id);
    Ok(dead.into_iter().take(max).map(|(_, message)| message).collect())
}

/// Makes every hidden message whose time has come ready again, in all queues.
pub(crate) fn wake_due(
    connection: &Connection,
    topology: Topology,
    now: DateTime<Utc>,
    woken: &mut ReadyQueues,
) -> Result<(), WorkError> {
    let sql = "SELECT id, queue, fair_group, deliveries - base FROM messages \
         WHERE hidden_until IS NOT NULL AND hidden_until <= ?1";
    for message in connection.rows(sql, [now.timestamp_micros()], read_hidden)? {
        reappear(connection, topology, message, woken)?;
    }
    Ok(())
}

/// Returns when the next hidden message of any queue becomes ready.
pub(crate) fn next_due(connection: &Connection) -> Result<Option<DateTime<Utc>>, WorkError> {
    let sql = "SELECT min(hidden_until) FROM messages WHERE hidden_until IS NOT NULL";
    let micros: Option<i64> = connection.one(sql, [], |row| row.get(0))?;
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}

/// Returns whether a receive may find a message. In rare cases it then finds none, and this is `false` afterwards.
pub(crate) fn may_be_ready(connection: &Connection, queue: &str) -> Result<bool, WorkError> {
    Ok(connection.first("SELECT 1 FROM turns WHERE queue = ?1 LIMIT 1", [queue], |_| Ok(()))?.is_some())
}

/// Runs on opening: the previous holder of any message in flight is dead. Waiting messages stay waiting.
///
/// An ended process does not count against its messages, unless they have been delivered very often, because a person
/// or the machine may have ended it. Files that may crash the process are in queues that count each of their
/// deliveries: see [`riffle_topology::Consumed::alone`].
pub(crate) fn release_all_in_flight(
    connection: &Connection,
    topology: Topology,
    now: DateTime<Utc>,
) -> Result<(), WorkError> {
    for consumed in topology.consumed().filter(|consumed| consumed.alone().is_none()) {
        let sql = "UPDATE messages SET base = base + 1 WHERE queue = ?1 AND in_flight AND deliveries < ?2";
        connection.run(sql, (consumed.queue.name, FORGIVEN))?;
    }
    connection.execute("UPDATE messages SET hidden_until = ?1 WHERE in_flight", [now.timestamp_micros()])?;
    wake_due(connection, topology, now, &mut ReadyQueues::new())
}

/// Returns a limit as `SQLite` takes it.
pub(crate) fn as_limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

struct Hidden {
    id: i64,
    queue: String,
    group: String,
    receive_count: u32,
}

impl Hidden {
    fn is_exhausted(&self, topology: Topology) -> bool {
        topology.queue(&self.queue).is_some_and(|consumed| self.receive_count >= consumed.queue.max_receives)
    }
}

/// Moves a message into another queue, where its receives count from zero.
fn relocate(connection: &Connection, id: i64, to: &str) -> Result<(), WorkError> {
    // Counts one more delivery, so that the receipt of the last one becomes invalid.
    let sql = "UPDATE messages SET queue = ?2, hidden_until = NULL, in_flight = 0, \
         deliveries = deliveries + 1, base = deliveries + 1 WHERE id = ?1";
    connection.run(sql, (id, to)).map(drop)
}

fn reappear(
    connection: &Connection,
    topology: Topology,
    message: Hidden,
    woken: &mut ReadyQueues,
) -> Result<(), WorkError> {
    let queue = match topology.redrive(&message.queue) {
        Some(redrive) if message.receive_count >= redrive.after => {
            relocate(connection, message.id, &redrive.to)?;
            tracing::warn!(
                message = message.id,
                from = message.queue,
                to = redrive.to,
                receives = message.receive_count,
                "a message failed too often and is moved on"
            );
            redrive.to
        }
        _ => {
            let sql = "UPDATE messages SET hidden_until = NULL, in_flight = 0 WHERE id = ?1";
            connection.run(sql, [message.id])?;
            message.queue
        }
    };
    line_up(connection, &queue, &message.group)?;
    woken.insert(queue);
    Ok(())
}

fn read_hidden(row: &rusqlite::Row<'_>) -> rusqlite::Result<Hidden> {
    Ok(Hidden { id: row.get(0)?, queue: row.get(1)?, group: row.get(2)?, receive_count: row.get(3)? })
}

/// Reads the columns id, queue, `fair_group`, body, deliveries, base, `sent_at`. Also returns the id as a number, for
/// sorting.
fn read_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, ReceivedMessage)> {
    let (id, deliveries, base): (i64, i64, i64) = (row.get(0)?, row.get(4)?, row.get(5)?);
    let received = ReceivedMessage {
        id: id.to_string(),
        receipt: format!("{id}.{deliveries}"),
        body: row.get(3)?,
        group: row.get(2)?,
        receive_count: u32::try_from(deliveries - base).unwrap_or(u32::MAX),
        sent_at: DateTime::from_timestamp_micros(row.get(6)?).unwrap_or_default(),
        queue: row.get(1)?,
    };
    Ok((id, received))
}
