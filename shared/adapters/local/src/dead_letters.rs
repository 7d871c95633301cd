//! The dead letters of all flows.

use async_trait::async_trait;
use riffle_ports::{DeadLetter, DeadLetterStore, PortError};
use riffle_topology::Topology;

use crate::queues::{LocalQueues, ReceivedMessage};

/// The dead letters in the state folder.
#[derive(Debug, Clone)]
pub struct LocalDeadLetters {
    pub(crate) queues: LocalQueues,
}

/// Converts messages of dead-letter queues to dead letters.
pub(crate) fn dead_letters(
    topology: Topology,
    dead: impl IntoIterator<Item = ReceivedMessage>,
) -> Vec<DeadLetter> {
    let ends: Vec<_> = topology.dead_letters().collect();
    let dead_letter = |dead: ReceivedMessage| {
        let end = ends.iter().find(|end| end.name == dead.queue)?;
        Some(DeadLetter {
            id: dead.id,
            flow: end.flow.to_owned(),
            function: end.function.to_owned(),
            queue: end.queue.map(str::to_owned),
            sent_at: dead.sent_at,
            body: dead.body,
        })
    };
    dead.into_iter().filter_map(dead_letter).collect()
}

#[async_trait]
impl DeadLetterStore for LocalDeadLetters {
    async fn list(&self, flow: Option<&str>, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let limit = limit as usize;
        let mut dead = self.queues.dead_letters(flow, limit.saturating_add(1)).await?;
        let more = dead.len() > limit;
        dead.truncate(limit);
        Ok((dead_letters(self.queues.topology(), dead), more))
    }

    async fn redrive(&self, dead_letters: &[DeadLetter]) -> Result<u64, PortError> {
        let ids: Vec<String> = dead_letters.iter().map(|dead_letter| dead_letter.id.clone()).collect();
        Ok(self.queues.redrive(&ids).await?.len() as u64)
    }
}
