//! The dead letters of the ingest flow.

use async_trait::async_trait;
use riffle_ports::{DeadLetter, DeadLetters, PortError};

use crate::queue_name::QueueName;
use crate::queues::LocalQueues;

/// What lies at the ends of the queues of the ingest flow.
#[derive(Debug, Clone)]
pub struct LocalDeadLetters {
    queues: LocalQueues,
}

impl LocalDeadLetters {
    pub(crate) fn new(queues: LocalQueues) -> Self {
        Self { queues }
    }
}

#[async_trait]
impl DeadLetters for LocalDeadLetters {
    async fn list(&self, limit: u32) -> Result<(Vec<DeadLetter>, bool), PortError> {
        let ends = QueueName::INGEST.into_iter().filter_map(|queue| Some(queue.redrive()?.to));
        let limit = limit as usize;
        let mut dead = self.queues.dead_letters(ends.collect::<Vec<_>>(), limit.saturating_add(1)).await?;
        let more = dead.len() > limit;
        dead.truncate(limit);
        let letter = |dead: crate::Received| DeadLetter {
            stage: dead.origin.function().to_owned(),
            id: dead.id,
            sent_at: dead.sent_at,
            body: dead.body,
        };
        Ok((dead.into_iter().map(letter).collect(), more))
    }

    async fn redrive(&self, letters: &[DeadLetter]) -> Result<u64, PortError> {
        let ids: Vec<String> = letters.iter().map(|letter| letter.id.clone()).collect();
        Ok(self.queues.redrive(Some(&ids)).await?.len() as u64)
    }
}
