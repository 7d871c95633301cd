//! The queues in `SQLite`, with the operations of their consumers: receive, finish, wait, inspect.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{Clock, Message, PortError, QueueDepth, WorkQueue};
use riffle_topology::Topology;
use rusqlite::Connection;
use tokio::sync::Notify;

use crate::database::{Database, Sql as _, WorkContext, WorkError};
use crate::queue_rows::{self, DeliveryId, ReadyQueues};

/// The longest wait before a consumer checks the clock again, in case it was set.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A message received by a consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The same through every delivery and every queue.
    pub id: String,
    /// Identifies this delivery. Valid until the message is received again or moved.
    pub receipt: String,
    pub body: String,
    pub group: String,
    /// The number of receives from this queue, including this one.
    pub receive_count: u32,
    /// The time it was first sent.
    pub sent_at: DateTime<Utc>,
    pub queue: String,
}

/// The queues in the state folder.
///
/// Groups are served in turn: a receive takes from as many groups as it can, each group goes to the end of the line
/// after its turn, and within a group the oldest message comes first.
#[derive(Debug, Clone)]
pub struct LocalQueues {
    database: Arc<Database>,
    clock: Arc<dyn Clock>,
    topology: Topology,
    bells: Arc<Bells>,
}

/// Notifies waiting consumers of new messages, by the queue's name.
type Bells = BTreeMap<&'static str, Notify>;

enum Prospect {
    Now,
    At(DateTime<Utc>),
    WhenSent,
}

impl LocalQueues {
    pub(crate) fn new(database: Arc<Database>, clock: Arc<dyn Clock>, topology: Topology) -> Self {
        let bells = topology.consumed().map(|consumed| (consumed.queue.name, Notify::new()));
        Self { database, clock, topology, bells: Arc::new(bells.collect()) }
    }

    /// Returns the topology that defines the queues.
    pub fn topology(&self) -> Topology {
        self.topology
    }

    pub(crate) fn database(&self) -> &Arc<Database> {
        &self.database
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Receives at most `max` messages and hides them from other consumers for `visibility`. Empty if there are none;
    /// see [`wait`](Self::wait).
    ///
    /// # Errors
    /// The errors of every call to the database. If the caller stops waiting for the answer, the messages are ready
    /// again after `visibility`, with increased receive counts.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        visibility: Duration,
    ) -> Result<Vec<ReceivedMessage>, PortError> {
        let (now, topology, queue) = (self.clock.now(), self.topology, queue.to_owned());
        let until = later(now, visibility);
        self.change(move |work, woken| {
            queue_rows::wake_due(work, topology, now, woken)?;
            queue_rows::take(work, &queue, max, until)
        })
        .await
    }

    /// Deletes the messages of these receipts after their work is done. Returns the number of deleted messages: a
    /// message that another consumer has received meanwhile, or that has moved on, stays.
    ///
    /// # Errors
    /// [`PortError::Broken`] for an invalid receipt.
    pub async fn delete(&self, receipts: &[String]) -> Result<usize, PortError> {
        self.each(receipts, |work, receipt, _| queue_rows::delete(work, receipt)).await
    }

    /// Releases the messages of these receipts after a failure: visible again after `delay`. A message whose receive
    /// count has reached the limit of its queue moves on at once. Returns the number of receipts that were still valid.
    ///
    /// # Errors
    /// [`PortError::Broken`] for an invalid receipt.
    pub async fn release(&self, receipts: &[String], delay: Duration) -> Result<usize, PortError> {
        let (now, topology) = (self.clock.now(), self.topology);
        let until = later(now, delay);
        self.each(receipts, move |work, receipt, woken| {
            queue_rows::release(work, topology, receipt, until, now, woken)
        })
        .await
    }

    /// Hides the messages of these receipts for `visibility` from now. Returns the number of receipts that were still
    /// valid.
    ///
    /// # Errors
    /// [`PortError::Broken`] for an invalid receipt.
    pub async fn extend(&self, receipts: &[String], visibility: Duration) -> Result<usize, PortError> {
        let until = later(self.clock.now(), visibility);
        self.each(receipts, move |work, receipt, _| queue_rows::hide_until(work, receipt, until)).await
    }

    /// Applies `what` to the messages of these receipts, in one transaction. Returns the number of messages it
    /// affected.
    async fn each(
        &self,
        receipts: &[String],
        what: impl Fn(&WorkContext<'_>, DeliveryId, &mut ReadyQueues) -> Result<bool, WorkError> + Send + 'static,
    ) -> Result<usize, PortError> {
        let receipts = receipts.iter().map(|receipt| parse(receipt)).collect::<Result<Vec<_>, _>>()?;
        self.change(move |work, woken| {
            let done = receipts.into_iter().map(|receipt| what(work, receipt, woken).map(usize::from));
            done.sum()
        })
        .await
    }

    /// Returns when a receive from `queue` may find a message. Several consumers may wait; all are woken.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn wait(&self, queue: &str) -> Result<(), PortError> {
        let Some(bell) = self.bells.get(queue) else { return Err(unknown(queue)) };
        loop {
            // Listen before looking, so that a message sent in between is noticed.
            let rung = bell.notified();
            let (now, topology, queue) = (self.clock.now(), self.topology, queue.to_owned());
            let prospect = self
                .change(move |work, woken| {
                    queue_rows::wake_due(work, topology, now, woken)?;
                    if queue_rows::may_be_ready(work, &queue)? {
                        return Ok(Prospect::Now);
                    }
                    // Of any queue, because a message may move here from another queue when its time is up.
                    Ok(queue_rows::next_due(work)?.map_or(Prospect::WhenSent, Prospect::At))
                })
                .await?;
            let pause = match prospect {
                Prospect::Now => return Ok(()),
                Prospect::At(time) => (time - now).to_std().unwrap_or_default().min(LOOK_AGAIN),
                Prospect::WhenSent => LOOK_AGAIN,
            };
            // Look again, whether notified or timed out.
            drop(tokio::time::timeout(pause, rung).await);
        }
    }

    /// Returns whether a queue has a message of `group`, ready or hidden.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn holds(&self, queue: &str, group: &str) -> Result<bool, PortError> {
        let (queue, group) = (queue.to_owned(), group.to_owned());
        self.database
            .call(move |work| {
                // Two queries: each has its own index.
                let ready = "SELECT 1 FROM messages WHERE queue = ?1 AND fair_group = ?2 AND hidden_until IS NULL";
                let hidden =
                    "SELECT 1 FROM messages WHERE hidden_until IS NOT NULL AND queue = ?1 AND fair_group = ?2";
                let holds = |sql| Ok::<_, WorkError>(work.first(sql, [&queue, &group], |_| Ok(()))?.is_some());
                Ok(holds(ready)? || holds(hidden)?)
            })
            .await
    }

    /// Returns the depth of each queue. Reads the indices from end to end: some 10 ms at 100,000 messages.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn depths(&self) -> Result<Vec<QueueDepth>, PortError> {
        let (now, topology) = (self.clock.now(), self.topology);
        self.change(move |work, woken| {
            queue_rows::wake_due(work, topology, now, woken)?;
            topology.queue_names().map(|queue| depth(work, queue)).collect()
        })
        .await
    }

    /// Returns the oldest messages of a queue without receiving them: at most `max`, whether ready or not. Their
    /// receipts are valid if they are in flight. Slow on a long queue.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn peek(&self, queue: &str, max: usize) -> Result<Vec<ReceivedMessage>, PortError> {
        let queue = queue.to_owned();
        self.database.call(move |work| queue_rows::peek(work, &queue, max)).await
    }

    /// Returns the oldest dead letters, of one flow or of all, at most `max`.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn dead_letters(
        &self,
        flow: Option<&str>,
        max: usize,
    ) -> Result<Vec<ReceivedMessage>, PortError> {
        let dead = self.topology.dead_letters().filter(|dead| flow.is_none_or(|flow| dead.flow == flow));
        let queues: Vec<String> = dead.map(|dead| dead.name).collect();
        self.database.call(move |work| queue_rows::dead_letters(work, queues, max)).await
    }

    /// Returns the dead letters of these ids to the queues where they failed, as if they were new. Returns the id and
    /// queue of each moved message; an id that is not (or no longer) a dead letter is ignored. All are moved, or none.
    ///
    /// # Errors
    /// [`PortError::Broken`] for an invalid id.
    pub async fn redrive(&self, ids: &[String]) -> Result<Vec<(String, &'static str)>, PortError> {
        let number = |id: &String| {
            id.parse::<i64>().map_err(|_| PortError::Broken(format!("{id:?} is not the id of a message")))
        };
        let ids: Vec<i64> = ids.iter().map(number).collect::<Result<_, _>>()?;
        let topology = self.topology;
        self.change(move |work, woken| {
            let mut moved = Vec::new();
            for id in ids {
                if let Some(queue) = queue_rows::redrive(work, topology, id)? {
                    woken.insert(queue.to_owned());
                    moved.push((id.to_string(), queue));
                }
            }
            Ok(moved)
        })
        .await
    }

    /// Runs `work`; after the commit, notifies the consumers of the queues it woke.
    pub(crate) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WorkContext<'_>, &mut ReadyQueues) -> Result<T, WorkError> + Send + 'static,
    ) -> Result<T, PortError> {
        let bells = Arc::clone(&self.bells);
        self.database
            .call(move |place| {
                let mut woken = ReadyQueues::new();
                let value = work(place, &mut woken)?;
                if !woken.is_empty() {
                    place.after_commit(move || {
                        // No consumer waits for dead letters.
                        for bell in woken.iter().filter_map(|queue| bells.get(&**queue)) {
                            bell.notify_waiters();
                        }
                    });
                }
                Ok(value)
            })
            .await
    }
}

#[async_trait]
impl WorkQueue for LocalQueues {
    /// Accepts all messages or, with an error, none.
    async fn send(&self, queue: &str, messages: &[Message]) -> Result<Vec<usize>, PortError> {
        let Some(consumed) = self.topology.queue(queue) else { return Err(unknown(queue)) };
        let queue = consumed.queue.name;
        let messages = messages.to_vec();
        let now = self.clock.now();
        self.change(move |work, woken| {
            let mut last_group = None;
            for message in &messages {
                queue_rows::insert(work, queue, &message.group, &message.body, now)?;
                if last_group != Some(&message.group) {
                    queue_rows::line_up(work, queue, &message.group)?;
                    last_group = Some(&message.group);
                }
            }
            if !messages.is_empty() {
                woken.insert(queue.to_owned());
            }
            Ok(Vec::new())
        })
        .await
    }
}

fn unknown(queue: &str) -> PortError {
    PortError::Broken(format!("the queue {queue:?} does not exist"))
}

fn later(now: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(by)
        .ok()
        .and_then(|by| now.checked_add_signed(by))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

pub(crate) fn depth(work: &Connection, queue: String) -> Result<QueueDepth, WorkError> {
    let sql = "SELECT count(*) FROM messages WHERE queue = ?1 AND hidden_until IS NULL";
    let ready = work.one(sql, [&queue], |row| row.get(0))?;
    let sql = "SELECT count(*) FILTER (WHERE in_flight), count(*) FILTER (WHERE NOT in_flight) \
         FROM messages WHERE hidden_until IS NOT NULL AND queue = ?1";
    let (in_flight, waiting) = work.one(sql, [&queue], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(QueueDepth { queue, ready, in_flight, waiting })
}

fn parse(receipt: &str) -> Result<DeliveryId, PortError> {
    let (id, delivery) = receipt.split_once('.').unwrap_or_default();
    let receipt_of = |id: &str, delivery: &str| Some((id.parse().ok()?, delivery.parse().ok()?));
    receipt_of(id, delivery)
        .ok_or_else(|| PortError::Broken(format!("{receipt:?} is not the receipt of a message")))
}
