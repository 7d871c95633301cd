//! Metrics of the platform on this machine.

use std::collections::BTreeSet;

use async_trait::async_trait;
use riffle_ports::{Counts, PortError, Probe, QueueDepth, Session, Vitals};

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
        self.queues.depths().await
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

/// The number of sessions by state, in the order of the states' sequence, and their total counts.
pub(crate) type SessionSums = (Vec<(riffle_ports::State, u64)>, Counts);

pub(crate) fn sum(all: &[Session]) -> SessionSums {
    use riffle_ports::State::{Cancelled, Complete, Dispatching, Failed, Finalizing, Listing, Running};
    let states = [Listing, Dispatching, Running, Finalizing, Complete, Failed, Cancelled];
    let of = |state| all.iter().filter(|session| session.state == state).count() as u64;
    let mut counts = Counts::default();
    for session in all {
        counts.processed += session.counts.processed;
        counts.failed += session.counts.failed;
        counts.matches += session.counts.matches;
    }
    (states.map(|state| (state, of(state))).to_vec(), counts)
}
