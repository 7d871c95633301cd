//! The platform on this machine in numbers.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use riffle_ports::{Counts, PortError, Probe, QueueDepth, Session, Vitals};

use crate::database::WorkError;
use crate::timings::Timings;
use crate::{LocalConnections, LocalLedger, LocalQueues};

/// Measures one state folder.
#[derive(Debug, Clone)]
pub struct LocalProbe {
    pub ledger: LocalLedger,
    pub queues: LocalQueues,
    pub connections: LocalConnections,
    pub timings: Timings,
}

#[async_trait]
impl Probe for LocalProbe {
    async fn queues(&self) -> Result<Vec<QueueDepth>, PortError> {
        let depths = self.queues.depths().await?.into_iter();
        let depth = |depth: crate::Depth| QueueDepth {
            queue: depth.queue,
            ready: depth.ready,
            in_flight: depth.in_flight,
            waiting: depth.waiting,
        };
        Ok(depths.map(depth).collect())
    }

    async fn vitals(&self) -> Result<Vitals, PortError> {
        let queues = self.queues().await?;
        let ends: BTreeSet<String> = self.queues.topology().dead_letters().map(|dead| dead.name).collect();
        let dead = queues.iter().filter(|queue| ends.contains(&queue.queue));
        let dead_letters = dead.map(|queue| queue.ready + queue.in_flight + queue.waiting).sum();
        let (sessions, counts) = self.ledger.sums().await?;
        let connections = self.connections.len() as u64;
        Ok(Vitals { queues, dead_letters, sessions, counts, connections, timings: self.timings.read() })
    }
}

/// Sessions by state, in the order in which states follow each other, and what they count in all.
pub(crate) type Sums = (Vec<(riffle_ports::State, u64)>, Counts);

pub(crate) fn sum(fields: impl Iterator<Item = Result<String, WorkError>>) -> Result<Sums, WorkError> {
    use riffle_ports::State::{Cancelled, Complete, Dispatching, Failed, Finalizing, Listing, Running};
    let states = [Listing, Dispatching, Running, Finalizing, Complete, Failed, Cancelled];
    let mut sessions: BTreeMap<usize, u64> = (0..states.len()).map(|state| (state, 0)).collect();
    let mut counts = Counts::default();
    for fields in fields {
        let session: Session = serde_json::from_str(&fields?)
            .map_err(|error| WorkError::Unreadable(format!("a session: {error}")))?;
        if let Some(place) = states.iter().position(|state| *state == session.state) {
            *sessions.entry(place).or_default() += 1;
        }
        counts.processed += session.counts.processed;
        counts.failed += session.counts.failed;
        counts.matches += session.counts.matches;
    }
    Ok((sessions.into_iter().map(|(place, count)| (states[place], count)).collect(), counts))
}
