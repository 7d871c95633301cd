//! The event bus on one machine: an archive of the published events, and a message in the queue of each consumer.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use riffle_ports::{EventPublisher, Outgoing, PortError};
use riffle_topology::{Consumed, EVENT_SOURCE};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::{Sql as _, WorkError};
use crate::listing::sortable;
use crate::queue_rows;
use crate::queues::LocalQueues;
use crate::records::read_outgoing;

/// Events moved in one transaction of a replay.
const REPLAYED_TOGETHER: u32 = 1_000;

/// The bus of a state folder. An accepted event is in the archive and in every consumer's queue, or nowhere.
#[derive(Debug, Clone)]
pub struct LocalBus {
    pub(crate) queues: LocalQueues,
}

/// A selection of past events to deliver again, and their consumer.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The name that marks each replayed event.
    pub name: String,
    pub consumer: Consumed,
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    /// Event types, of those the consumer listens to; empty means all of them.
    pub types: Vec<String>,
}

impl Replay {
    fn takes(&self, event: &Outgoing) -> bool {
        self.consumer.listens_to(&flow(event), &event.event_type)
            && (self.types.is_empty() || self.types.contains(&event.event_type))
    }
}

/// A position in the archive: the sortable time and the id of an event.
type ArchivePosition = (String, String);

impl LocalBus {
    /// Puts the archived events selected by `replay` into its consumer's queue, and returns their number. After an
    /// error some of them may already be there: a repeated event changes nothing.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn replay(&self, replay: &Replay) -> Result<u64, PortError> {
        let (mut after, mut count) = (ArchivePosition::default(), 0);
        loop {
            let (replay, now) = (replay.clone(), self.queues.now());
            let (place, delivered) = self
                .queues
                .change(move |work, woken| {
                    let (events, place) = page(work, &replay, &after)?;
                    for event in &events {
                        let body = body(event, Some(&replay.name))?;
                        queue_rows::deliver(
                            work,
                            replay.consumer.queue.name,
                            &event.tenant,
                            &body,
                            now,
                            woken,
                        )?;
                    }
                    Ok((place, events.len() as u64))
                })
                .await?;
            count += delivered;
            match place {
                Some(place) => after = place,
                None => return Ok(count),
            }
        }
    }

    /// Returns one page of the archived events selected by `replay`, oldest first, as its consumer would receive them:
    /// those after `after`, and where the next page begins.
    ///
    /// # Errors
    /// The errors of every call to the database.
    pub async fn archived(
        &self,
        replay: &Replay,
        after: Option<ArchivePosition>,
    ) -> Result<(Vec<String>, Option<ArchivePosition>), PortError> {
        let (replay, after) = (replay.clone(), after.unwrap_or_default());
        self.queues
            .change(move |work, _| {
                let (events, place) = page(work, &replay, &after)?;
                let bodies = events.iter().map(|event| body(event, Some(&replay.name)));
                Ok((bodies.collect::<Result<_, _>>()?, place))
            })
            .await
    }
}

#[async_trait]
impl EventPublisher for LocalBus {
    async fn publish(&self, events: &[Outgoing]) -> Result<Vec<usize>, PortError> {
        let (mut accepted, mut refused) = (Vec::with_capacity(events.len()), Vec::new());
        for (position, event) in events.iter().enumerate() {
            match body(event, None) {
                Ok(body) if event.detail.len() <= Outgoing::MAX_DETAIL => {
                    accepted.push((event.clone(), body));
                }
                _ => refused.push(position),
            }
        }
        let (now, topology) = (self.queues.now(), self.queues.topology());
        self.queues
            .change(move |work, woken| {
                for (event, body) in &accepted {
                    archive(work, event)?;
                    for consumer in topology.listeners(&flow(event), &event.event_type) {
                        queue_rows::deliver(work, consumer.queue.name, &event.tenant, body, now, woken)?;
                    }
                }
                Ok(refused)
            })
            .await
    }
}

/// Returns the flow of an event; the empty flow if the detail is not an event.
fn flow(event: &Outgoing) -> String {
    #[derive(Default, Deserialize)]
    struct Envelope {
        flow: String,
    }
    serde_json::from_str(&event.detail).unwrap_or(Envelope::default()).flow
}

/// Returns the message body that [`riffle_contracts::BusEvent`] reads. A bus does not interpret the details it carries,
/// but they must be JSON.
fn body(event: &Outgoing, replay: Option<&str>) -> Result<String, WorkError> {
    let unreadable =
        |error| WorkError::Unreadable(format!("event {} is not valid JSON: {error}", event.event_id));
    let detail: Value = serde_json::from_str(&event.detail).map_err(unreadable)?;
    let mut body = json!({
        "version": "0",
        "id": event.event_id,
        "detail-type": event.event_type,
        "source": EVENT_SOURCE,
        "time": event.at,
        "detail": detail,
    });
    if let Some(name) = replay {
        body["replay-name"] = name.into();
    }
    Ok(body.to_string())
}

/// Archives an event once, however often it is published.
fn archive(connection: &Connection, event: &Outgoing) -> Result<(), WorkError> {
    let Outgoing { subject, tenant, event_id, event_type, at, detail } = event;
    let sql = "INSERT INTO archive (flow, tenant, id, event_id, event_type, at, detail) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
    let with = (&subject.flow, tenant, &subject.id, event_id, event_type, sortable(*at), detail);
    connection.run(sql, with).map(drop)
}

fn page(
    connection: &Connection,
    replay: &Replay,
    after: &ArchivePosition,
) -> Result<(Vec<Outgoing>, Option<ArchivePosition>), WorkError> {
    let mut events = connection.rows(
        "SELECT flow, tenant, id, event_id, event_type, at, detail FROM archive \
         WHERE at >= ?1 AND at < ?2 AND (at, event_id) > (?3, ?4) ORDER BY at, event_id LIMIT ?5",
        (sortable(replay.from), sortable(replay.to), &after.0, &after.1, REPLAYED_TOGETHER),
        read_outgoing,
    )?;
    let full = events.len() == REPLAYED_TOGETHER as usize;
    let place = events.last().filter(|_| full).map(|event| (sortable(event.at), event.event_id.clone()));
    events.retain(|event| replay.takes(event));
    Ok((events, place))
}
